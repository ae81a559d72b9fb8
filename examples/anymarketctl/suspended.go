package main

import (
	"context"
	"fmt"

	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

// suspension is an account for which nothing goes until it has a token that
// ANYMARKET takes.
type suspension struct {
	Account string `json:"account"`
	Reason  string `json:"reason,omitempty"` // of the latest call that was seen
}

// suspensions finds out why accounts are suspended.
func suspensions(ctx context.Context, o *admin.Client, accounts []string) (found []suspension, err error) {
	const enough = 100 // entries; those that were not tried yet have no reason
	for _, account := range accounts {
		s := suspension{Account: account}
		for e, err := range o.List(ctx, admin.Filter{State: outbox.Waiting.String(), Account: &account, Limit: enough}) {
			if err != nil {
				return nil, err
			}
			if s.Reason = e.Reason; s.Reason != "" {
				break
			}
		}
		found = append(found, s)
	}
	return found, nil
}

// String says what a person has to do.
func (s suspension) String() string {
	text := "account " + accountName(s.Account) + " is suspended"
	if s.Reason != "" {
		text += ": " + printable(s.Reason)
	}
	place := "the file of --tokens"
	if s.Account == "" {
		place = tokenVariable + ", or under \"\" into " + place
	}
	return fmt.Sprintf("%s. Put a token that ANYMARKET takes into %s", text, place)
}
