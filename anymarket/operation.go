package anymarket

import (
	"context"
	"errors"
	"strings"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

// acceptOperations stores operations, one JSON object a line, and says in their
// order what became of each. Each is checked by itself; those that can be right
// are stored with one commit, in order.
func (c *Client) acceptOperations(ctx context.Context, lines [][]byte) []admin.Accepted {
	results := make([]admin.Accepted, len(lines))
	var (
		entries []outbox.Entry
		at      []int // their places among the lines
	)
	for i, line := range lines {
		e, warnings, err := c.operation(line)
		if err == nil && c.core.config.Strict && len(warnings) > 0 {
			err = &WarningError{Warnings: warnings}
		}
		if err != nil {
			results[i] = notAccepted(err)
			continue
		}
		results[i].Warnings = warnings
		entries, at = append(entries, e), append(at, i)
	}
	c.acceptEach(ctx, entries, func(n int, r outbox.Receipt, err error) {
		if err != nil {
			results[at[n]] = notAccepted(err)
			return
		}
		results[at[n]].ID, results[at[n]].Duplicate = r.ID(), r.Duplicate
	})
	return results
}

// acceptEach stores entries with one commit, or, if some are refused, with few:
// halves are stored one after the other until the guilty ones stand alone. So
// each entry is refused for itself, and what is behind it in its lane stays there.
func (c *Client) acceptEach(ctx context.Context, entries []outbox.Entry, tell func(int, outbox.Receipt, error)) {
	if len(entries) == 0 {
		return
	}
	if len(entries) == 1 {
		r, err := c.core.outbox.Accept(ctx, entries[0])
		tell(0, r, err)
		return
	}
	receipts, err := c.core.outbox.AcceptAll(ctx, entries)
	switch {
	case err == nil:
		for i, r := range receipts {
			tell(i, r, nil)
		}
	case refusesOne(err):
		half := len(entries) / 2
		c.acceptEach(ctx, entries[:half], tell)
		c.acceptEach(ctx, entries[half:], func(i int, r outbox.Receipt, err error) { tell(half+i, r, err) })
	default:
		for i := range entries {
			tell(i, outbox.Receipt{}, err)
		}
	}
}

// refusesOne says whether an error of a group is one entry's fault.
func refusesOne(err error) bool {
	var (
		addressing *outbox.AddressingError
		conflict   *outbox.ConflictError
	)
	return errors.Is(err, outbox.ErrInvalid) || errors.Is(err, outbox.ErrState) || errors.As(err, &addressing) || errors.As(err, &conflict)
}

// notAccepted says why an operation was not stored.
func notAccepted(err error) admin.Accepted {
	var (
		field    *api.FieldError
		warnings *WarningError
	)
	a := admin.NotAccepted(err)
	switch {
	case errors.As(err, &field):
		a.Code, a.Field = admin.CodeInvalid, field.Field
	case errors.As(err, &warnings):
		a.Code = admin.CodeInvalid
	}
	a.Error = strings.ReplaceAll(a.Error, "\n", "; ") // several, joined
	return a
}
