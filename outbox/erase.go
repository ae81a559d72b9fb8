package outbox

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"time"
)

// Erase removes what the file holds of one creation and its steps, as a buyer
// may ask: those that wait, are parked or dead are cancelled, their bodies,
// the reasons in their history and the hashes of the creation's fields go, and
// the file is compacted, so that nothing of it remains in free pages. That they
// were there, when, and under which keys stays, and so does the creation's key,
// so that it is not made once more: accepting it again, with whatever body,
// gives the receipt of the one that was erased.
//
// It returns how many entries it cancelled. Errors wrap [ErrNotFound] if the
// kind is not configured, [ErrInvalid] if it is of absolute values, or
// [ErrState] if an entry of the lane is on the wire: try again then.
func (o *Outbox) Erase(ctx context.Context, kind, account, key string) (cancelled int, err error) {
	k := o.configured[kind]
	switch {
	case k == nil:
		return 0, fmt.Errorf("%w: kind %s is not configured", ErrNotFound, kind)
	case k.Class == Absolute:
		return 0, fmt.Errorf("%w Kind: %s is of absolute values, which are kept until they are superseded", ErrInvalid, kind)
	}
	err = o.commit(ctx, func(t *tx) error {
		cancelled = 0
		l := o.lane(laneKey{o.accountOf(account), k.family, key})
		if l == nil {
			return nil
		}
		o.touch(l)
		if l.leased != 0 {
			return fmt.Errorf("%w: %s is on the wire", ErrState, ID{file: o.store.file, seq: l.leased})
		}
		seqs := append([]uint64(nil), l.dead...)
		for _, e := range l.entries {
			seqs = append(seqs, e.seq)
		}
		for _, seq := range seqs {
			s, state, err := t.locate(seq)
			if err != nil {
				return err
			}
			o.cancel(t, l, &s, state, "erased on request", t.now)
			cancelled++
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if err := o.eraseHistory(ctx, k, account, key); err != nil {
		return cancelled, fmt.Errorf("erase: %w", err)
	}
	return cancelled, o.Compact(ctx)
}

// eraseHistory removes the reasons and bodies from the history of the entries of
// a lane, which are all settled, and the fields of its creations.
func (o *Outbox) eraseHistory(ctx context.Context, k *kind, account, key string) error {
	mine := map[uint64]bool{} // that ended as entries of the lane
	creations := map[string]bool{}
	for _, known := range o.configured {
		if known.family == k.family {
			creations[string(onceKey(known.Host, account, key))] = true // its events may be past retention
		}
	}
	for e, err := range o.History() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || e.Entry == nil || e.Entry.Account != account || e.Entry.Key != key {
			continue // what cannot be read is not the lane's as far as anyone knows
		}
		if known := o.configured[e.Entry.Kind]; known != nil && known.family == k.family {
			mine[e.ID.seq] = true
			if e.Entry.Once != "" {
				creations[string(onceKey(known.Host, account, e.Entry.Once))] = true
			}
		}
	}
	err := o.rewrite(ctx, inHistory, func(_ *tx, k, v []byte) ([]byte, error) {
		if len(k) != 16 || !mine[binary.BigEndian.Uint64(k)] {
			return nil, nil
		}
		e, final, err := decodeEvent(o.store.file, k, v)
		if err != nil {
			return nil, nil //nolint:nilerr // nobody can read it
		}
		if e.Reason = ""; final != nil {
			final.body = nil
		}
		if fresh := encodeEvent(k, &e, final); !bytes.Equal(fresh, v) {
			return fresh, nil
		}
		return nil, nil
	})
	if err != nil {
		return err
	}
	return o.commit(ctx, func(t *tx) error {
		for key := range creations {
			c, ok, err := t.creationUnder([]byte(key), time.Time{})
			if err != nil {
				return fmt.Errorf("%w: a creation's key: %w", ErrFormat, err)
			}
			if ok && len(c.fields) > 0 {
				c.fields = nil
				t.put(inOnce, []byte(key), c.encode([]byte(key)))
			}
		}
		return nil
	})
}
