package outbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Accept stores an entry and returns when it is durable. ctx governs that
// alone. Errors wrap [ErrInvalid], [ErrFull], [ErrUnknown] or [ErrClosed], or
// [ErrState] for a step whose creation was discarded or [ErrHistory] for a value
// with AsOf, or are an [*AddressingError] or a [*ConflictError]; after any but ErrUnknown nothing was
// stored. A creation whose key is known is not stored again: the
// receipt is that of the first, marked as a duplicate. Nor is a value with
// Entry.AsOf stored that gives way: the receipt is that of the newer one.
func (o *Outbox) Accept(ctx context.Context, e Entry) (Receipt, error) {
	a, ok := o.acceptances.Get().(*acceptance)
	if !ok {
		a = new(acceptance)
	}
	defer func() {
		*a = acceptance{buffer: a.buffer, request: request{op: a.request.op}}
		if cap(a.buffer) <= keptBuffer {
			o.acceptances.Put(a)
		}
	}()
	a.o, a.ps = o, a.one[:]
	if err := o.prepare(&e, &a.one[0]); err != nil {
		return Receipt{}, err
	}
	p := &a.one[0]
	p.draft, p.found = o.store.seals.seal(&p.stored).draft(a.buffer), o.find(p.account, p.k.family, p.key)
	a.buffer = p.draft.bytes // another one that the committer takes may be kept beyond this call
	if err := a.commit(ctx); err != nil {
		return Receipt{}, err
	}
	return a.one[0].receipt, nil
}

// AcceptAll is [Outbox.Accept] for many entries at the price of one commit:
// all of them are stored, or none. Its receipts are in the order of entries.
func (o *Outbox) AcceptAll(ctx context.Context, entries []Entry) ([]Receipt, error) {
	ps := make([]prepared, len(entries))
	for i := range entries {
		if err := o.prepare(&entries[i], &ps[i]); err != nil {
			return nil, fmt.Errorf("entry %d: %w", i, err)
		}
		ps[i].draft = o.store.seals.seal(&ps[i].stored).draft(nil)
	}
	if len(ps) == 0 {
		return nil, nil
	}
	if err := (&acceptance{o: o, ps: ps}).commit(ctx); err != nil {
		return nil, err
	}
	receipts := make([]Receipt, len(ps))
	for i := range ps {
		receipts[i] = ps[i].receipt
	}
	return receipts, nil
}

// acceptance is the entries of one call on their way to the committer. It is
// one piece of memory for a single entry, since there may be many calls.
type acceptance struct {
	o       *Outbox
	ps      []prepared
	request request
	one     [1]prepared
	buffer  []byte // for the draft
}

// prepared is an entry of it.
type prepared struct {
	stored
	k          *kind
	addressing string
	onceKey    []byte // of a creation
	creation   []byte // the key of the one that a step belongs to
	fields     []fieldHash
	receipt    Receipt
	sameAs     *prepared // the same creation, or a newer value, earlier in the call
	again      bool      // see Repush
	reopened   *creation // what it was until it was accepted again
	draft      draft
	found      found
}

// keptBuffer is the largest buffer in bytes that is kept for the next entry.
const keptBuffer = 16 << 10

// prepare does all that needs no transaction.
func (o *Outbox) prepare(e *Entry, p *prepared) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w %s", ErrInvalid, fmt.Sprintf(format, args...))
	}
	k := o.configured[e.Kind]
	switch {
	case k == nil:
		return bad("Kind: %q is not one of Options.Kinds", e.Kind)
	case e.Key == "":
		return bad("Key: it names the lane and must not be empty")
	case len(e.Key) > maxKey || len(e.Account) > maxKey || len(e.Once) > maxKey || len(e.Addressing) > maxKey:
		return bad("Key, Account, Once, Addressing: at most %d bytes each", maxKey)
	case len(e.Body) > o.opts.MaxBody:
		return bad("Body: %d bytes, at most %d", len(e.Body), o.opts.MaxBody)
	case strings.ContainsRune(e.Account, 0) || strings.ContainsRune(e.Addressing, 0):
		return bad("Account, Addressing: must not contain NUL")
	case e.Group > MaxGroup:
		return bad("Group: %d, the highest is %d", e.Group, MaxGroup)
	case k.Class == Once && e.Once == "":
		return bad("Once: a creation needs a key")
	case k.Class == Absolute && e.Once != "":
		return bad("Once: an absolute value has none")
	}
	if !e.AsOf.IsZero() {
		if err := checkAsOf(k, e.AsOf, time.Now()); err != nil {
			return err
		}
		p.asOf = e.AsOf.UnixNano()
	}
	p.k, p.addressing = k, e.Addressing
	p.kind, p.account, p.key, p.once, p.group, p.body = k.Name, e.Account, e.Key, e.Once, e.Group, e.Body
	if p.group == 0 {
		p.group = k.Group
	}
	if k.Class == Step && e.Once != "" {
		p.creation = onceKey(k.Host, e.Account, e.Once)
	}
	if k.Class == Once {
		p.onceKey = onceKey(k.Host, e.Account, e.Once)
		fields := map[string][]byte{"body": e.Body}
		if k.Fields != nil {
			var err error
			if fields, err = k.Fields(e.Body); err != nil {
				return bad("Body: %v", err)
			}
		}
		p.fields = o.store.hashFields(fields)
		if o.mayKnowLess(e.MadeAt) {
			p.flags |= flagLookupFirst
		}
	}
	return nil
}

// mayKnowLess says whether an earlier file may have sent a creation made then.
func (o *Outbox) mayKnowLess(madeAt time.Time) bool {
	if o.opts.Restored {
		return true
	}
	const margin = time.Hour // between the clocks that wrote the two times
	young := time.Since(o.store.createdAt) < o.opts.OnceRetention
	return young && (madeAt.IsZero() || madeAt.Before(o.store.createdAt.Add(margin)))
}

func (a *acceptance) commit(ctx context.Context) error {
	for i := range a.ps {
		a.request.bytes += len(a.ps[i].body)
	}
	if a.request.op == nil {
		a.request.op = a.put
	}
	for {
		if err := a.o.reachBack(ctx, a.ps); err != nil {
			return err
		}
		if err := a.o.committer.do(ctx, &a.request); !errors.Is(err, errUnreached) {
			return err
		}
		a.request.err = nil
	}
}

// put is the transaction part of accepting. It looks at all entries before it
// writes the first.
func (a *acceptance) put(t *tx) error {
	o, ps, now := a.o, a.ps, t.now
	if err := o.full.take(o, t, a.request.bytes); err != nil {
		return err
	}
	if !o.reached(ps) {
		return errUnreached
	}
	var b batch
	if len(ps) > 1 {
		b = batch{addressing: map[addressed]string{}, creations: map[string]*prepared{}, newest: map[laneKey]*prepared{}}
	}
	for i := range ps {
		if err := o.admissible(t, &b, &ps[i], now); err != nil {
			if len(ps) > 1 {
				err = fmt.Errorf("entry %d: %w", i, err)
			}
			return err
		}
	}
	for i := range ps {
		p := &ps[i]
		switch {
		case p.sameAs != nil:
			p.receipt = Receipt{o: o, id: p.sameAs.receipt.id, Duplicate: p.onceKey != nil, GaveWay: p.onceKey == nil}
		case p.receipt.Duplicate, p.receipt.GaveWay:
		default:
			o.putOne(t, p, now)
		}
	}
	return nil
}

// batch is what the entries accepted by one call know of each other; its maps
// are nil for a single entry.
type batch struct {
	addressing map[addressed]string
	creations  map[string]*prepared
	newest     map[laneKey]*prepared
}

type addressed struct {
	account *account
	family  *family
}

// admissible checks an entry against what is stored, and merges it with what
// it will cover.
func (o *Outbox) admissible(t *tx, b *batch, p *prepared, now time.Time) error {
	if p.onceKey != nil {
		known, err := o.knownCreation(t, b, p, now)
		if known || err != nil {
			return err
		}
	}
	if p.creation != nil {
		if c, ok, err := t.creationUnder(p.creation, now); err == nil && ok && c.cancelled && c.deliveredAt == 0 {
			return fmt.Errorf("%w: the creation that the step belongs to, %s, was discarded", ErrState, ID{file: o.store.file, seq: c.seq})
		}
	}
	l := o.stillLane(p.found)
	at := addressed{family: p.k.family}
	if l != nil {
		at.account = l.account()
	} else {
		at.account = o.accountOf(p.account)
	}
	have, known := b.addressing[at]
	if !known {
		part := o.branch(at.account, at.family)
		have, known = part.addressing, part.addressed
	}
	if known && have != p.addressing {
		return &AddressingError{Account: p.account, Family: p.k.Family, Have: have, Got: p.addressing}
	}
	if b.addressing != nil {
		b.addressing[at] = p.addressing
	}
	key := laneKey{at.account, at.family, p.key}
	if p.asOf != 0 {
		if gaveWay, err := o.yield(b, p, key, now); gaveWay || err != nil {
			return err
		}
	}
	if b.newest != nil && p.k.Class == Absolute {
		defer func() { b.newest[key] = p }()
	}
	if p.k.Merge == nil {
		return nil
	}
	if older := o.newestBody(t, b, key); older != nil {
		merged, err := o.merge(p.k, older, p.body)
		if err != nil {
			return fmt.Errorf("%w Body: %w", ErrInvalid, err)
		}
		if !bytes.Equal(merged, p.body) {
			p.merged = merged
		}
	}
	return nil
}

// knownCreation says whether a creation's key is known already.
func (o *Outbox) knownCreation(t *tx, b *batch, p *prepared, now time.Time) (bool, error) {
	if same := b.creations[string(p.onceKey)]; same != nil {
		if d := differing(same.fields, p.fields); d != nil {
			return true, &ConflictError{Fields: d}
		}
		p.sameAs = same
		return true, nil
	}
	c, ok, err := t.creationUnder(p.onceKey, now)
	if err != nil {
		return true, fmt.Errorf("%w: a creation's key: %w", ErrFormat, err)
	}
	if !ok {
		if b.creations != nil {
			b.creations[string(p.onceKey)] = p
		}
		return false, nil
	}
	id := ID{file: o.store.file, seq: c.seq}
	if d := differing(c.fields, p.fields); d != nil && len(c.fields) > 0 { // else they were erased
		return true, &ConflictError{ID: id, Fields: d}
	}
	if p.again && c.expiresAt != 0 { // it is settled
		p.reopened = &c
		return false, nil
	}
	p.receipt = Receipt{o: o, id: id, Duplicate: true}
	return true, nil
}

// newestBody returns what the newest unsettled value of a lane sends; nil if
// there is none.
func (o *Outbox) newestBody(t *tx, b *batch, at laneKey) []byte {
	if p := b.newest[at]; p != nil {
		return p.toSend()
	}
	l := o.lane(at)
	if l == nil || len(l.entries) == 0 {
		return nil
	}
	s, err := t.entry(inEntries, l.newest().seq)
	if err != nil {
		return nil // it will become a dead letter, and those are not carried
	}
	return s.toSend()
}

// merge calls the kind's Merge, which must not bring the committer down.
func (o *Outbox) merge(k *kind, older, newer []byte) (merged []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("merge of %s panicked: %v", k.Name, r)
		}
	}()
	return k.Merge(older, newer)
}

func (o *Outbox) putOne(t *tx, p *prepared, now time.Time) {
	l := o.stillLane(p.found)
	if l == nil {
		l = o.laneOf(o.accountOf(p.account), p.k.family, p.key)
	}
	o.fixAddressing(t, l.account(), p.k.family, p.addressing)
	o.touch(l)
	if p.reopened != nil {
		p.seq = p.reopened.seq // its old place, before its steps
	} else {
		p.seq = t.next(inEntries)
	}
	p.acceptedAt = now.UnixNano()
	p.receipt = Receipt{o: o, id: ID{file: o.store.file, seq: p.seq}, lane: l.id()}
	if l.absolute() {
		o.supersedeDead(t, l, p.seq, now)
	}
	p.confirmAt = l.confirmAt
	if p.again {
		p.pending, p.unknownSince = Unknown, o.uptime(p.k.Host)+1
	}
	if p.confirmAt != 0 || p.merged != nil || p.again {
		p.draft = t.seals.seal(&p.stored).draft(nil) // what the committer alone could know
	} else if t.copied != nil {
		p.draft.bytes = bytes.Clone(p.draft.bytes) // kept beyond this call
	}
	o.noteValue(l, &p.stored)
	key := t.key(p.seq)
	t.put(inEntries, key, p.draft.complete(key, p.acceptedAt))
	o.addTo(l, p.k, &p.stored, 0)
	if o.goesFirst(t, l, p.k, &p.stored) {
		l.first = p.seq
	}
	if p.pending != 0 {
		o.setLookAt(&p.stored)
	}
	switch {
	case p.reopened != nil:
		o.reopen(t, p, now)
	case p.onceKey != nil:
		c := creation{seq: p.seq, fields: p.fields}
		t.put(inOnce, p.onceKey, c.encode(p.onceKey))
	}
	if len(l.entries) == 1 {
		o.gate.useAccount(p.k.Host, p.account)
	}
}
