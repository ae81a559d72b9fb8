package anymarket

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/operation"
	"github.com/anymarket-go/sdk/anymarket/internal/verdict"
	"github.com/anymarket-go/sdk/outbox"
)

// kindHandOver is stored and never changes: an order that is to be handed over,
// as it is then. Only what failed too often becomes one.
const kindHandOver = "order.handover"

// hostFeed labels what asks nothing of ANYMARKET, and so proves nothing of it.
const hostFeed = "feed"

const (
	// bookmarkFeed is where marks are kept, under the account.
	bookmarkFeed = "feed/"
	// maxMarks is how many there are before the feed waits, and maxRequeued how
	// many with those that were requeued: what fits into a bookmark.
	maxMarks, maxRequeued = 1000, 1500
)

// mark says that an order is to be read again. It is kept in the outbox.
type mark struct {
	// fingerprint is of the order as it was handed over; empty if it was not.
	fingerprint string
	at          time.Time // since when
}

// feedMarks are the marks of an account.
type feedMarks struct {
	outbox  *outbox.Outbox
	account string

	mu       sync.Mutex // guards the fields below, and the order of commits
	loaded   bool
	marks    map[ID]mark
	settling map[ID]bool // accepted as entries that are to be dead letters
}

// load reads what is kept, once. Its errors are those of the file.
func (m *feedMarks) load() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.loadLocked()
}

func (m *feedMarks) loadLocked() error {
	if m.loaded {
		return nil
	}
	kept, err := m.outbox.Bookmark(bookmarkFeed + m.account)
	if err != nil {
		return err
	}
	prints := map[ID]string{}
	if kept != nil {
		if err := json.Unmarshal(kept, &prints); err != nil {
			return fmt.Errorf("read which orders of the feed are to be read again: %w", err)
		}
	}
	now := time.Now() // of an earlier process no time is known
	m.marks, m.settling, m.loaded = map[ID]mark{}, map[ID]bool{}, true
	for id, seen := range prints {
		m.marks[id] = mark{seen, now}
	}
	return nil
}

// changeLocked keeps the marks as they are after an edit, or leaves them as they were.
func (m *feedMarks) changeLocked(ctx context.Context, edit func(map[ID]mark)) error {
	next := maps.Clone(m.marks)
	edit(next)
	var kept []byte
	if len(next) > 0 {
		prints := make(map[ID]string, len(next))
		for id, x := range next {
			prints[id] = x.fingerprint
		}
		var err error
		if kept, err = json.Marshal(prints); err != nil {
			return err
		}
	}
	if err := m.outbox.SetBookmark(ctx, bookmarkFeed+m.account, kept); err != nil {
		return err
	}
	m.marks = next
	return nil
}

// set keeps that an order was handed over.
func (m *feedMarks) set(ctx context.Context, id ID, seen string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if m.marks[id].fingerprint == seen {
		m.marks[id] = mark{seen, now}
		return nil
	}
	return m.changeLocked(ctx, func(marks map[ID]mark) { marks[id] = mark{seen, now} })
}

// requeue keeps that an order is to be handed over, whether or not a feed runs.
func (m *feedMarks) requeue(ctx context.Context, id ID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.loadLocked(); err != nil {
		return err
	}
	if len(m.marks) >= maxRequeued {
		return fmt.Errorf("%d orders wait to be handed over: run Orders.Feed", len(m.marks))
	}
	return m.changeLocked(ctx, func(marks map[ID]mark) { marks[id] = mark{at: time.Now()} })
}

// drop keeps that orders need not be read again.
func (m *feedMarks) drop(ctx context.Context, ids []ID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	marked := func(id ID) bool { _, ok := m.marks[id]; return ok }
	if !slices.ContainsFunc(ids, marked) {
		return nil
	}
	return m.changeLocked(ctx, func(marks map[ID]mark) {
		for _, id := range ids {
			delete(marks, id)
		}
	})
}

// delay says that an order is to be read again so much later.
func (m *feedMarks) delay(id ID, d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if x, ok := m.marks[id]; ok {
		if at := time.Now().Add(d); at.After(x.at) {
			x.at = at
		}
		m.marks[id] = x
	}
}

func (m *feedMarks) get(id ID) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.marks[id].fingerprint
}

func (m *feedMarks) all() map[ID]mark {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.marks)
}

func (m *feedMarks) hasRoomFor(id ID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.marks[id]
	return ok || len(m.marks) < maxMarks
}

// handOverBody is what is stored of an order that failed too often.
type handOverBody struct {
	ID ID `json:"id"`
	// Reason is why it was set aside.
	Reason string `json:"reason"`
}

// handOverEntry makes an entry of an order.
func handOverEntry(b handOverBody) (e outbox.Entry, err error) {
	if b.ID <= 0 {
		return e, &api.FieldError{Field: "id", Reason: "is missing"}
	}
	body, err := json.Marshal(b)
	return outbox.Entry{Kind: kindHandOver, Key: b.ID.String(), Body: body}, err
}

// setAside makes a dead letter of an order, durably.
func (m *feedMarks) setAside(ctx context.Context, c *Client, id ID, why error) (outbox.ID, error) {
	e, err := handOverEntry(handOverBody{id, verdict.Short(why.Error())})
	if err != nil {
		return outbox.ID{}, err
	}
	m.mu.Lock()
	m.settling[id] = true
	m.mu.Unlock()
	r, err := c.accept(ctx, e, nil)
	return r.ID(), err
}

// handOverKind is of values, so that an order is set aside at most once.
func (c *core) handOverKind() outbox.Kind {
	return outbox.Kind{Name: kindHandOver, Host: hostFeed, Class: outbox.Absolute, Group: groupOrders, Deliver: c.giveBack, Check: operation.Edited(handOverEntry)}
}

// giveBack makes no call. A new entry becomes the dead letter that it is meant
// to be; a requeued one is given back to the feed, which hands the order over.
func (c *core) giveBack(ctx context.Context, batch []outbox.Lease) outbox.Answer {
	var b handOverBody
	if err := json.Unmarshal(batch[0].Body, &b); err != nil {
		return verdict.Unreadable(err)
	}
	m := c.marksOf(batch[0].Account)
	m.mu.Lock()
	settling := m.settling[b.ID]
	delete(m.settling, b.ID)
	m.mu.Unlock()
	if settling {
		return outbox.Answer{Result: outbox.Result{Verdict: outbox.Rejected, Reason: b.Reason}}
	}
	if err := m.requeue(ctx, b.ID); err != nil {
		return outbox.Answer{Result: outbox.Result{Verdict: outbox.Failed, Reason: verdict.Short(err.Error())}}
	}
	return outbox.Answer{Result: outbox.Result{Verdict: outbox.Delivered, Reason: "given back to the order feed"}}
}

// feeds are what runs, and the marks, by account.
type feeds struct {
	mu      sync.Mutex // guards the fields below
	ended   bool
	running map[string]context.CancelFunc
	marks   map[string]*feedMarks
	work    sync.WaitGroup
}

// begin lets a feed run until the client is closed, or the caller ends it.
func (fs *feeds) begin(ctx context.Context, account string) (inner context.Context, end func(), err error) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	switch {
	case fs.ended:
		return nil, nil, outbox.ErrClosed
	case fs.running[account] != nil:
		return nil, nil, fmt.Errorf("order feed of account %q: %w", account, ErrRunning)
	case fs.running == nil:
		fs.running = map[string]context.CancelFunc{}
	}
	inner, cancel := context.WithCancel(ctx)
	fs.running[account] = cancel
	fs.work.Add(1)
	return inner, func() {
		cancel()
		fs.mu.Lock()
		delete(fs.running, account)
		fs.mu.Unlock()
		fs.work.Done()
	}, nil
}

// end tells every feed to end; work is done when they have.
func (fs *feeds) end() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.ended = true
	for _, cancel := range fs.running {
		cancel()
	}
}

// marksOf returns the marks of an account, not loaded if they are new.
func (c *core) marksOf(account string) *feedMarks {
	fs := &c.feeds
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.marks == nil {
		fs.marks = map[string]*feedMarks{}
	}
	if fs.marks[account] == nil {
		fs.marks[account] = &feedMarks{outbox: c.Outbox, account: account}
	}
	return fs.marks[account]
}
