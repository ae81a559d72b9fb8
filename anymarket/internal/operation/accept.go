package operation

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

// Decoder makes an entry of a line. Warnings say what ANYMARKET may refuse. What
// is wrong with a line is named, as [*api.FieldError] values.
type Decoder func(line *Line) (e outbox.Entry, warnings []string, err error)

// ErrStoreFirst is what a [Decoder] returns of a line that it can read only when
// those before it are stored. It is asked again then.
var ErrStoreFirst = errors.New("what comes before has to be stored first")

// Accept stores operations, one JSON object a line, and says in their order what
// became of each. Each is checked by itself; those that can be right are stored
// with one commit, in order. In strict mode what has warnings is not stored.
// Stored is told of each entry, and may be nil.
func Accept(ctx context.Context, o *outbox.Outbox, lines [][]byte, strict bool, decode Decoder, stored func(outbox.Entry)) []admin.Accepted {
	results := make([]admin.Accepted, len(lines))
	var (
		entries []outbox.Entry
		at      []int // their places among the lines
	)
	store := func() {
		AcceptEach(ctx, o, entries, func(n int, r outbox.Receipt, err error) {
			if err != nil {
				results[at[n]] = NotAccepted(err)
				return
			}
			results[at[n]].ID, results[at[n]].Duplicate = r.ID(), r.Duplicate
			if stored != nil {
				stored(entries[n])
			}
		})
		entries, at = nil, nil
	}
	for i, line := range lines {
		e, warnings, err := Entry(line, decode)
		if errors.Is(err, ErrStoreFirst) {
			store()
			e, warnings, err = Entry(line, decode)
		}
		if err == nil && strict && len(warnings) > 0 {
			err = &admin.Error{Code: admin.CodeInvalid, Message: "strict mode: " + strings.Join(warnings, "; ")}
		}
		if err != nil {
			results[i] = NotAccepted(err)
			continue
		}
		results[i].Warnings = warnings
		entries, at = append(entries, e), append(at, i)
	}
	store()
	return results
}

// Entry makes an entry of a line.
func Entry(text []byte, decode Decoder) (e outbox.Entry, warnings []string, err error) {
	if len(text) > admin.MaxLine {
		return e, nil, &admin.Error{Code: admin.CodeTooLarge, Message: fmt.Sprintf("line of %d bytes, at most %d", len(text), admin.MaxLine)}
	}
	line, err := read(text)
	if err != nil {
		return e, nil, err
	}
	return decode(line)
}

// AcceptEach stores entries with one commit, or, if some are refused, with few:
// halves are stored one after the other until the guilty ones stand alone. So
// each entry is refused for itself, and what is behind it in its lane stays there.
func AcceptEach(ctx context.Context, o *outbox.Outbox, entries []outbox.Entry, tell func(int, outbox.Receipt, error)) {
	if len(entries) == 0 {
		return
	}
	if len(entries) == 1 {
		r, err := o.Accept(ctx, entries[0])
		tell(0, r, err)
		return
	}
	receipts, err := o.AcceptAll(ctx, entries)
	switch {
	case err == nil:
		for i, r := range receipts {
			tell(i, r, nil)
		}
	case RefusesOne(err):
		half := len(entries) / 2
		AcceptEach(ctx, o, entries[:half], tell)
		AcceptEach(ctx, o, entries[half:], func(i int, r outbox.Receipt, err error) { tell(half+i, r, err) })
	default:
		for i := range entries {
			tell(i, outbox.Receipt{}, err)
		}
	}
}

// RefusesOne says whether an error of a group is one entry's fault.
func RefusesOne(err error) bool {
	var (
		addressing *outbox.AddressingError
		conflict   *outbox.ConflictError
	)
	return errors.Is(err, outbox.ErrInvalid) || errors.Is(err, outbox.ErrState) || errors.As(err, &addressing) || errors.As(err, &conflict)
}

// NotAccepted says why an operation was not stored.
func NotAccepted(err error) admin.Accepted {
	a := admin.NotAccepted(err)
	if field := (*api.FieldError)(nil); errors.As(err, &field) {
		a.Code, a.Field = admin.CodeInvalid, field.Field
	}
	a.Error = strings.ReplaceAll(a.Error, "\n", "; ") // several, joined
	return a
}
