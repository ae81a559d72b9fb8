package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Lane names a creation with its steps, as a list of entries shows it: by the
// kind of one of its entries, the account and the key.
type Lane struct {
	Kind    string `json:"kind"`
	Account string `json:"account"`
	Key     string `json:"key"`
}

// Erased is what became of a lane.
type Erased struct {
	// Cancelled are the entries that were not settled.
	Cancelled int `json:"cancelled"`
}

// laneOf reads a lane. An account may have an empty name, so it must be given even
// then.
func laneOf(w http.ResponseWriter, r *http.Request) (Lane, error) {
	var l struct {
		Lane

		Account *string `json:"account"`
	}
	if err := readJSON(w, r, &l); err != nil {
		return Lane{}, err
	}
	switch {
	case l.Kind == "":
		return Lane{}, invalid("kind", "is missing")
	case l.Account == nil:
		return Lane{}, invalid("account", "is missing")
	case l.Key == "":
		return Lane{}, invalid("key", "is missing")
	default:
		return Lane{l.Kind, *l.Account, l.Key}, nil
	}
}

func (h *handler) erase(w http.ResponseWriter, r *http.Request) error {
	l, err := laneOf(w, r)
	if err != nil {
		return err
	}
	kinds, err := h.kindsUnder(r.Context(), l)
	if err != nil {
		return err
	}
	found := slices.Contains(kinds, l.Kind)
	if !found && len(kinds) > 0 {
		return &Error{Code: CodeNotFound, Field: "kind", Message: fmt.Sprintf(
			"there is no %s under that key of that account, but %s", l.Kind, strings.Join(kinds, ", "))}
	}
	// Past the history's retention there may be hashes of the creation's fields.
	cancelled, err := h.o.Erase(r.Context(), l.Kind, l.Account, l.Key)
	switch {
	case err != nil:
		return err
	case !found:
		return &Error{Code: CodeNotFound, Field: "key", Message: "nothing is stored under that key of that account"}
	default:
		return writeJSON(w, Erased{cancelled})
	}
}

// kindsUnder are those of the entries under the key of a lane.
func (h *handler) kindsUnder(ctx context.Context, l Lane) (kinds []string, err error) {
	for life, err := range h.o.Lives() {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			continue // it does not say whose it is
		}
		if life.Account == l.Account && life.Key == l.Key && !slices.Contains(kinds, life.Kind) {
			kinds = append(kinds, life.Kind)
		}
	}
	return kinds, nil
}

// reseal uses the keys of the process: none comes here.
func (h *handler) reseal(w http.ResponseWriter, r *http.Request) error {
	return done(w, h.o.Reseal(r.Context()))
}

// Erase removes what the outbox holds of a creation and its steps, see
// [outbox.Outbox.Erase]. Its error is [outbox.ErrNotFound] if there is nothing.
func (c *Client) Erase(ctx context.Context, l Lane) (e Erased, err error) {
	body, err := json.Marshal(l)
	if err != nil {
		return e, err
	}
	return e, c.call(ctx, http.MethodPost, "/erase", body, &e)
}

// Reseal seals all bodies with the first key of the process that has the outbox,
// see [outbox.Outbox.Reseal].
func (c *Client) Reseal(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "/reseal", nil, nil)
}
