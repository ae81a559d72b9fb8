package anymarket

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/operation"
	"github.com/anymarket-go/sdk/outbox"
)

// Row is a row of a stock snapshot.
type Row struct {
	// Key is where the row stands in the snapshot: rows come in the byte order
	// of their keys, and a key comes once.
	Key   string
	Stock Stock
}

// Reload is a full load of an account's stock, for [StockService.Reload].
type Reload struct {
	// Source yields the rows whose keys come after a key, in their order; of all
	// rows if after is empty. Its error ends the load, which can go on later.
	Source func(ctx context.Context, after string) iter.Seq2[Row, error]
	// AsOf is the moment of the snapshot: a row gives way to any change of its
	// SKU and location that was accepted later, waiting or settled. It defaults
	// to the start of the load, which suits a source that reads the stock as it
	// is now; such a load begins anew if it was interrupted hours ago.
	AsOf time.Time
	// Name tells loads of an account apart: how far a load got is kept under
	// it, until it is through. It has at most 256 bytes.
	Name string
	// Compare reads first what ANYMARKET has, and sends only what differs: a row
	// is the same if its quantity is what ANYMARKET has on the shelf or what of
	// that is not reserved. It begins when what was delivered before is to be
	// seen, Config.LookupLag later.
	Compare bool
	// Ahead is how many rows are stored at most before the first of them is
	// settled. Defaults to 1000.
	Ahead int
	// DryRun: nothing is stored, only counted.
	DryRun bool
	// Refused is told of each row that cannot be right or that ANYMARKET
	// refused. It may be nil.
	Refused func(row Row, err error)
	// Progress is told the sums now and then. It may be nil.
	Progress func(Reloaded)
}

// Reloaded are the sums of a load, in rows, over all its runs.
type Reloaded struct {
	Rows int `json:"rows"`
	// Stored were stored to be sent; in a dry run, would be.
	Stored int `json:"stored"`
	// Settled of them were delivered, or a newer value took their place. Those
	// that waited when a run was interrupted are not followed up.
	Settled int `json:"settled"`
	// Same did not differ from what ANYMARKET has.
	Same int `json:"same"`
	// GaveWay to a change from after the snapshot.
	GaveWay int `json:"gave_way"`
	// Refused could not be right, or ANYMARKET refused them.
	Refused int `json:"refused"`
}

const (
	reloadAhead = 1000
	// reloadAge is how old a load may be that goes on without an AsOf given: as
	// long as a window, and what is before and after it.
	reloadAge   = 6 * time.Hour
	maxName     = 256
	reloadChunk = 200 // rows of a commit
	// progress of loads is kept in the outbox, under account and name.
	bookmarkReload = "reload/"
)

// reloadState is what is kept of a load that is not through.
type reloadState struct {
	AsOf  time.Time `json:"as_of"`
	After string    `json:"after"`
	Sums  Reloaded  `json:"sums"`
}

// Reload stores the rows of a snapshot of the account's stock, with the lowest
// share of what may be sent, a bounded number ahead, and returns when all are
// settled. Interrupted, by ctx, an error or the end of the process, it goes on
// where it was when it is called again with the same Name, and the same AsOf if
// one was given.
//
// Errors are [*api.FieldError] for what is wrong with r, those of Source, of
// reading what ANYMARKET has, and of [outbox.Outbox.AcceptAll]; [ErrRunning] if
// one of the same Name runs.
func (s StockService) Reload(ctx context.Context, r Reload) (Reloaded, error) {
	switch {
	case r.Source == nil:
		return Reloaded{}, &api.FieldError{Field: "Source", Reason: "is missing"}
	case r.Ahead < 0:
		return Reloaded{}, &api.FieldError{Field: "Ahead", Reason: "is negative"}
	case len(r.Name) > maxName:
		return Reloaded{}, &api.FieldError{Field: "Name", Reason: "is too long"}
	case r.AsOf.After(time.Now()):
		return Reloaded{}, &api.FieldError{Field: "AsOf", Reason: "lies in the future"}
	}
	if r.Ahead == 0 {
		r.Ahead = reloadAhead
	}
	l := &load{Reload: r, c: s.c, bookmark: bookmarkReload + s.c.account + "\x00" + r.Name}
	end, err := s.c.core.begin(l.bookmark)
	if err != nil {
		return Reloaded{}, err
	}
	defer end()
	if err := l.resume(); err != nil {
		return Reloaded{}, err
	}
	if r.Compare {
		if err := l.compare(ctx); err != nil {
			return l.state.Sums, fmt.Errorf("read what ANYMARKET has: %w", err)
		}
	}
	err = l.run(ctx)
	return l.state.Sums, err
}

// load is a Reload that runs.
type load struct {
	Reload

	c        *Client
	bookmark string
	state    reloadState
	there    inventory       // nil if it does not compare
	unseen   map[string]bool // lanes that changed while it was read
	rows     []Row           // of the next commit
	entries  []outbox.Entry
	ahead    []storedRow // not settled yet, oldest first
}

type storedRow struct {
	row     Row
	receipt outbox.Receipt
}

// resume finds out how far an earlier run got.
func (l *load) resume() error {
	kept, err := l.c.core.Outbox.Bookmark(l.bookmark)
	if err != nil {
		return err
	}
	var state reloadState
	if kept != nil && json.Unmarshal(kept, &state) == nil &&
		(l.AsOf.Equal(state.AsOf) || l.AsOf.IsZero() && time.Since(state.AsOf) < reloadAge) {
		l.state = state
		return nil
	}
	l.state.AsOf = l.AsOf
	if l.AsOf.IsZero() {
		l.state.AsOf = time.Now()
	}
	return nil
}

// compare reads what ANYMARKET has. What is under way meanwhile may be read as it
// was before: its lanes are noted first, and what was delivered a moment ago is
// given the time to show.
func (l *load) compare(ctx context.Context) (err error) {
	l.unseen = map[string]bool{}
	for _, all := range []iter.Seq2[outbox.Record, error]{l.c.core.Outbox.Waiting(), l.c.core.Outbox.Doubts()} {
		for r, err := range all {
			if err != nil {
				return err
			}
			if r.Kind == kindStock && r.Account == l.c.account {
				l.unseen[r.Key] = true
			}
		}
	}
	select {
	case <-time.After(l.c.core.Config.LookupLag):
	case <-ctx.Done():
		return ctx.Err()
	}
	l.there, err = l.c.Stock.inventory(ctx)
	return err
}

func (l *load) run(ctx context.Context) error {
	last := l.state.After
	for row, err := range l.Source(ctx, last) {
		switch {
		case err != nil:
			return errors.Join(fmt.Errorf("row after %q: %w", last, err), l.store(ctx))
		case row.Key <= last:
			return fmt.Errorf("row %q comes after row %q: rows have to come in the byte order of their keys, each key once", row.Key, last)
		}
		last = row.Key
		l.add(row)
		if len(l.rows) >= min(reloadChunk, l.Ahead) {
			if err := l.store(ctx); err != nil {
				return err
			}
		}
	}
	if err := l.store(ctx); err != nil {
		return err
	}
	if err := l.settle(ctx, 0); err != nil || l.DryRun {
		return err
	}
	return l.c.core.Outbox.SetBookmark(ctx, l.bookmark, nil)
}

// add takes a row into the next commit.
func (l *load) add(row Row) {
	l.rows = append(l.rows, row)
	e, err := row.Stock.entry()
	if err != nil {
		l.refuse(row, err)
		return
	}
	e.Account, e.Group, e.AsOf = l.c.account, groupReload, l.state.AsOf
	if l.there.has(row.Stock) && !l.unseen[e.Key] && !l.c.core.Outbox.IsBusy(e.Kind, e.Account, e.Key) {
		l.state.Sums.Same++
		return
	}
	l.entries = append(l.entries, e)
	l.ahead = append(l.ahead, storedRow{row: row})
}

func (l *load) refuse(row Row, err error) {
	l.state.Sums.Refused++
	if l.Refused != nil {
		l.Refused(row, err)
	}
}

// store commits the rows that were taken, and then how far it got.
func (l *load) store(ctx context.Context) error {
	if len(l.rows) == 0 {
		return ctx.Err()
	}
	l.state.Sums.Rows += len(l.rows)
	l.state.After = l.rows[len(l.rows)-1].Key
	n := len(l.ahead) - len(l.entries)
	l.rows = l.rows[:0]
	if l.DryRun {
		l.state.Sums.Stored += len(l.entries)
		l.entries, l.ahead = l.entries[:0], l.ahead[:0]
		l.progress()
		return ctx.Err()
	}
	rows := l.ahead[n:]
	l.ahead = l.ahead[:n]
	var failed error
	operation.AcceptEach(ctx, l.c.core.Outbox, l.entries, func(i int, receipt outbox.Receipt, err error) {
		switch {
		case err != nil && operation.RefusesOne(err):
			l.refuse(rows[i].row, err)
		case err != nil:
			failed = err
		case receipt.GaveWay:
			l.state.Sums.GaveWay++
		default:
			l.state.Sums.Stored++
			l.ahead = append(l.ahead, storedRow{rows[i].row, receipt})
		}
	})
	l.entries = l.entries[:0]
	if failed != nil {
		return failed
	}
	kept, err := json.Marshal(l.state)
	if err != nil {
		return err
	}
	if err := l.c.core.Outbox.SetBookmark(ctx, l.bookmark, kept); err != nil {
		return err
	}
	return l.settle(ctx, l.Ahead)
}

// settle waits until at most so many rows are not settled.
func (l *load) settle(ctx context.Context, most int) error {
	for n := len(l.ahead) - most; n > 0; n-- {
		first := l.ahead[0]
		l.ahead = l.ahead[1:]
		var dead *outbox.DeadError
		var parked *outbox.ParkedError
		var cancelled *outbox.CancelledError
		switch err := first.receipt.Wait(ctx); {
		case err == nil:
			l.state.Sums.Settled++
		case errors.As(err, &dead), errors.As(err, &parked), errors.As(err, &cancelled):
			l.refuse(first.row, err)
		default:
			return err
		}
	}
	l.progress()
	return nil
}

func (l *load) progress() {
	if l.Progress != nil {
		l.Progress(l.state.Sums)
	}
}
