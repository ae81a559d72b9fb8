package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// recency knows of each absolute lane the newest value since a moment, also of
// lanes that are empty again, so that a value from a snapshot can give way to
// it. It is made when an entry with [Entry.AsOf] comes, by one pass over what
// was accepted since, and dropped when none came for a while. The outbox's
// mutex guards it.
type recency struct {
	since  int64 // Unix nanoseconds
	newest map[laneKey]saying
	// complete: the pass is over.
	complete bool
	usedAt   time.Time
}

// saying is a value and when it was true.
type saying struct {
	seq uint64
	at  int64 // Unix nanoseconds
}

const (
	// recencyKept is how long it is kept unused.
	recencyKept = 10 * time.Minute
	// clockMargin is how far the clock may have been set back between two
	// accepts without the pass missing what came before.
	clockMargin = time.Hour
	// aheadMargin is how far the clock that a snapshot was made by may be ahead.
	aheadMargin = time.Minute
)

// trueAt is the moment that the value is from.
func (s *stored) trueAt() int64 {
	if s.asOf != 0 {
		return s.asOf
	}
	return s.acceptedAt
}

// note leaves out what is of the moment itself: the rows of one snapshot are no
// news to each other, and there may be millions.
func (r *recency) note(at laneKey, s saying) {
	if have, ok := r.newest[at]; s.at > r.since && (!ok || s.at > have.at || s.at == have.at && s.seq > have.seq) {
		r.newest[at] = s
	}
}

// Moments that can be stored, in Unix seconds.
const (
	earliest = 1
	latest   = 1 << 33 // in the year 2242
)

// errUnreached: nothing is known of values since then, see reachBack.
var errUnreached = errors.New("recency does not reach back so far")

// checkAsOf is the part of preparing that concerns the moment of a value.
func checkAsOf(k *kind, asOf, now time.Time) error {
	switch {
	case asOf.IsZero():
		return nil
	case k.Class != Absolute:
		return fmt.Errorf("%w AsOf: only an absolute value has it", ErrInvalid)
	case asOf.Unix() < earliest || asOf.Unix() > latest:
		return fmt.Errorf("%w AsOf: %s is no moment that a value can be from", ErrInvalid, asOf.UTC().Format(time.RFC3339))
	case asOf.After(now.Add(aheadMargin)):
		return fmt.Errorf("%w AsOf: %s lies in the future", ErrInvalid, asOf.UTC().Format(time.RFC3339))
	default:
		return nil
	}
}

// yield says whether a value of a snapshot gives way to one of its lane that is
// from a later moment, stored or earlier in the call.
func (o *Outbox) yield(b *batch, p *prepared, at laneKey, now time.Time) (gaveWay bool, err error) {
	if part := o.branch(at.account, at.family); !part.named(unixTime(p.asOf)) {
		return false, fmt.Errorf("%w: AsOf is %s, and the account names its targets in another way since %s", ErrHistory,
			unixTime(p.asOf).UTC().Format(time.RFC3339), unixTime(part.addressedAt).UTC().Format(time.RFC3339))
	}
	o.recent.usedAt = now
	if newer := b.newest[at]; newer != nil && (newer.asOf == 0 || newer.asOf > p.asOf) {
		p.sameAs = newer
		return true, nil
	}
	if s, ok := o.recent.newest[at]; ok && s.at > p.asOf {
		p.receipt = Receipt{o: o, id: ID{file: o.store.file, seq: s.seq}, GaveWay: true}
		return true, nil
	}
	return false, nil
}

// reached says whether newerThan can be asked for all entries of a call.
func (o *Outbox) reached(ps []prepared) bool {
	for i := range ps {
		if asOf := ps[i].asOf; asOf != 0 && !o.recent.reaches(asOf) {
			return false
		}
	}
	return true
}

func (r *recency) reaches(asOf int64) bool { return r != nil && r.complete && r.since <= asOf }

// reachBack makes recency know all values since the oldest moment of a call.
func (o *Outbox) reachBack(ctx context.Context, ps []prepared) error {
	oldest := int64(0)
	for i := range ps {
		if asOf := ps[i].asOf; asOf != 0 && (oldest == 0 || asOf < oldest) {
			oldest = asOf
		}
	}
	if oldest == 0 {
		return nil
	}
	select {
	case o.reaching <- struct{}{}:
		defer func() { <-o.reaching }()
	case <-ctx.Done():
		return ctx.Err()
	}
	o.mu.Lock()
	reaches := o.recent.reaches(oldest)
	o.mu.Unlock()
	if reaches {
		return nil
	}
	r := &recency{since: oldest, newest: map[laneKey]saying{}, usedAt: time.Now()}
	defer func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.recent == r && !r.complete {
			o.recent = nil // it was not made whole
		}
	}()
	// In a transaction of its own: what came before is on disk afterwards, what
	// comes later is noted as it comes.
	var back time.Duration // what was accepted longer ago than that is from then
	if err := o.commit(ctx, func(*tx) error {
		o.recent, back = r, clockMargin+time.Duration(o.counters.longestRefreshed)
		return nil
	}); err != nil {
		return err
	}
	for _, pass := range []struct {
		bucket int
		decode func(k, v []byte) (*stored, error)
	}{
		// In the order in which entries move from one to the next.
		{inEntries, decodeWaiting},
		{inDead, decodeWaiting},
		{inHistory, func(k, v []byte) (*stored, error) { return decodeFinal(o.store.file, k, v) }},
	} {
		if err := o.noteSince(ctx, r, back, pass.bucket, pass.decode); err != nil {
			return err
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if gone := int64(o.counters.forgotten); oldest <= gone {
		return fmt.Errorf("%w: AsOf is %s, and the history is whole since %s only", ErrHistory,
			unixTime(oldest).UTC().Format(time.RFC3339), unixTime(gone).UTC().Format(time.RFC3339))
	}
	r.complete = true
	return nil
}

func decodeWaiting(k, v []byte) (*stored, error) {
	s, err := decodeStored(k, v)
	return &s, err
}

// decodeFinal returns the entry of an event that ended its life, nil of any
// other.
func decodeFinal(file uint32, k, v []byte) (*stored, error) {
	_, final, err := decodeEvent(file, k, v)
	return final, err
}

// noteSince reads a bucket from its end back to the moment, page by page.
func (o *Outbox) noteSince(ctx context.Context, r *recency, back time.Duration, bucket int, decode func(k, v []byte) (*stored, error)) error {
	var before []byte
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var found []*stored
		err := o.store.guard(func() error {
			return o.store.view(func(t *tx) error {
				more = false
				c := t.bucket(bucket).Cursor()
				n := 0
				for k, v := last(c, before); k != nil; k, v = c.Prev() {
					if n++; n > page {
						more = true
						break
					}
					before = append(before[:0], k...)
					s, err := decode(k, v)
					switch {
					case err != nil || s == nil:
					case s.acceptedAt < r.since-int64(back):
						return nil
					default:
						s.body, s.merged = nil, nil // parts of the page
						found = append(found, s)
					}
				}
				return nil
			})
		})
		if err != nil {
			return err
		}
		o.mu.Lock()
		for _, s := range found {
			if k := o.byName[s.kind]; k != nil && k.Class == Absolute {
				r.note(laneKey{o.accountOf(s.account), k.family, s.key}, saying{s.seq, s.trueAt()})
			}
		}
		o.mu.Unlock()
	}
	return nil
}

// last is the last pair whose key is less than before, or of all if that is nil.
func last(c *bbolt.Cursor, before []byte) (k, v []byte) {
	if before == nil {
		return c.Last()
	}
	if k, _ = c.Seek(before); k == nil {
		return c.Last()
	}
	return c.Prev()
}

// forgetRecency drops it when no entry asked for a while.
func (o *Outbox) forgetRecency() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.recent != nil && o.recent.complete && time.Since(o.recent.usedAt) > recencyKept {
		o.recent = nil
	}
}

// noteValue tells recency of a value that waits from now on.
func (o *Outbox) noteValue(l *lane, s *stored) {
	if o.recent != nil && l.absolute() {
		o.recent.note(l.id(), saying{s.seq, s.trueAt()})
	}
}
