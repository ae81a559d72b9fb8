package simulation

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

// Accounts returns the names of the accounts that a program serves.
func Accounts() []string { return []string{"first", "second", "third"} }

// Token is the token of an account as the program knows it: a wrong one when it was
// revoked.
func (s *Simulation) Token(_ context.Context, account string) (string, error) {
	if token := s.Server.For(account).Token(); token != "" {
		return token, nil
	}
	return account + ".revoked", nil
}

// renew gives an account another token.
func (s *Simulation) renew(account string) {
	s.tokens++
	s.Server.For(account).SetToken(fmt.Sprint(account, ".", s.tokens))
}

// allow gives an account a token again.
func (s *Simulation) allow(account string) {
	if s.Server.For(account).Token() == "" {
		s.renew(account)
	}
}

// accountOf is whose token it is: tokens begin with the account.
func accountOf(token string) (string, bool) {
	account, _, ok := strings.Cut(token, ".")
	return account, ok
}

func tokenOf(h http.Header) string {
	if token := h.Get("gumgaToken"); token != "" {
		return token
	}
	return h.Get("token")
}
