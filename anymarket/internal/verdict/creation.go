package verdict

import (
	"errors"
	"net/http"
	"strings"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

// OfCreation is OfEntry for a creation whose id in the marketplace is given. A
// refusal that reads as if it were there already leaves its outcome unknown: it
// may be there and not to be seen yet, so that one look-up without it proves
// nothing. The host is well all the same, and its verdict says so.
func OfCreation(err error, id string) outbox.Answer {
	a := OfEntry(outbox.Once, err)
	if a.Verdict == outbox.Rejected && looksLikeDuplicate(err, id) {
		a.Items = []outbox.Result{{Verdict: outbox.Unknown, Reason: a.Reason}}
	}
	return a
}

// looksLikeDuplicate says whether a refusal reads as if the creation were there.
// The text is a hint: what follows is a look-up.
//
// Source: ANYMARKET's document for marketplaces, status 400 with the id in
// brackets; the vendor's own store modules, "[ID Anymarket: 77]".
func looksLikeDuplicate(err error, id string) bool {
	var e *api.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity:
	default:
		return false
	}
	text := strings.ToLower(e.Message)
	for _, hint := range []string{"[" + strings.ToLower(id) + "]", "[id anymarket:", "j\u00e1 existe", "ja existe"} {
		if strings.Contains(text, hint) {
			return true
		}
	}
	return false
}
