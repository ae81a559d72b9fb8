package outbox

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
)

// ErrKeys says that bodies in the file are sealed with a key that is not among
// [Options.Keys]. The file is left untouched.
var ErrKeys = errors.New("the outbox's bodies are sealed with another key")

// KeySize is the length of a key in bytes, see [Options.Keys].
const KeySize = 32

// seals seals the bodies of entries with AES-256-GCM. Nil seals nothing and
// opens what is not sealed.
type seals struct{ keys []sealKey } // the first one seals

type sealKey struct {
	id   [8]byte // derived from the key, tells nothing of it
	aead cipher.AEAD
}

func newSeals(keys [][]byte) (*seals, error) {
	if len(keys) == 0 {
		return nil, nil //nolint:nilnil // see seals
	}
	g := &seals{}
	for i, key := range keys {
		if len(key) != KeySize {
			return nil, fmt.Errorf("%w Keys: key %d has %d bytes, want %d", ErrInvalid, i, len(key), KeySize)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("%w Keys: key %d: %w", ErrInvalid, i, err)
		}
		k := sealKey{}
		if k.aead, err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return nil, fmt.Errorf("%w Keys: key %d: %w", ErrInvalid, i, err)
		}
		mac := hmac.New(sha256.New, key)
		_, _ = mac.Write([]byte("outbox key id")) // never fails
		copy(k.id[:], mac.Sum(nil))
		if g.key(k.id[:]) != nil {
			return nil, fmt.Errorf("%w Keys: key %d is there twice", ErrInvalid, i)
		}
		g.keys = append(g.keys, k)
	}
	return g, nil
}

func (g *seals) key(id []byte) *sealKey {
	for i := range g.keys {
		if bytes.Equal(g.keys[i].id[:], id) {
			return &g.keys[i]
		}
	}
	return nil
}

// sealOverhead is by how much a sealed body is longer at most.
const sealOverhead = 8 + 12 + 16 // key id, nonce, tag

// bound is what a sealed body is tied to: it opens as that part of an entry of
// its lane alone.
func (s *stored) bound(part string) []byte {
	b := appendBytes(nil, s.kind)
	b = appendBytes(b, s.account)
	b = appendBytes(b, s.key)
	return append(b, part...)
}

const (
	partBody   = "body"
	partMerged = "merged"
)

// seal returns the entry as it is to be stored.
func (g *seals) seal(s *stored) *stored {
	if g == nil || s == nil || s.sealed {
		return s
	}
	c := *s
	c.sealed = true
	seal := func(body []byte, part string) []byte {
		if len(body) == 0 {
			return body
		}
		k := &g.keys[0]
		out := append(make([]byte, 0, len(body)+sealOverhead), k.id[:]...)
		return k.aead.Seal(out, nil, body, s.bound(part))
	}
	c.body, c.merged = seal(s.body, partBody), seal(s.merged, partMerged)
	return &c
}

// open opens what seal sealed.
func (g *seals) open(s *stored) error {
	if !s.sealed {
		return nil
	}
	open := func(body []byte, part string) ([]byte, error) {
		if len(body) == 0 {
			return body, nil
		}
		if g == nil || len(body) < sealOverhead {
			return nil, fmt.Errorf("%w: the body is sealed", errUnreadable)
		}
		k := g.key(body[:8])
		if k == nil {
			return nil, fmt.Errorf("%w: the body is sealed with key %x, which is not configured", errUnreadable, body[:8])
		}
		plain, err := k.aead.Open(nil, nil, body[8:], s.bound(part))
		if err != nil {
			return nil, fmt.Errorf("%w: the sealed body was changed", errUnreadable)
		}
		return plain, nil
	}
	body, err := open(s.body, partBody)
	if err != nil {
		return err
	}
	merged, err := open(s.merged, partMerged)
	if err != nil {
		return err
	}
	s.body, s.merged, s.sealed = body, merged, false
	return nil
}

// decode is decodeStored, and opens the bodies.
func (g *seals) decode(key, value []byte) (stored, error) {
	s, err := decodeStored(key, value)
	if err == nil {
		err = g.open(&s)
	}
	if err != nil {
		return stored{}, err
	}
	return s, nil
}

// stale says whether a sealed entry, or one to be sealed, is not as seal leaves it.
func (g *seals) stale(s *stored) bool {
	for _, body := range [][]byte{s.body, s.merged} {
		if len(body) > 0 && (!s.sealed || !bytes.HasPrefix(body, g.keys[0].id[:])) {
			return true
		}
	}
	return false
}

// metaKeys are the ids of the keys that bodies of the file may be sealed with.
const metaKeys = "keys"

func (t *tx) keyIDs() (ids [][]byte, err error) {
	value := t.get(inMeta, []byte(metaKeys))
	if value == nil {
		return nil, nil
	}
	_, fields, err := verified([]byte(metaKeys), value)
	if err != nil || len(fields)%8 != 0 {
		return nil, fmt.Errorf("meta/%s is damaged: %w", metaKeys, err)
	}
	return slices.Collect(slices.Chunk(bytes.Clone(fields), 8)), nil
}

func (t *tx) putKeyIDs(ids [][]byte) {
	value := append([]byte{0, 0, 0, 0, codecFormat, 0}, bytes.Join(ids, nil)...)
	t.put(inMeta, []byte(metaKeys), withChecksum([]byte(metaKeys), value))
}

// checkKeys refuses a file whose bodies could not be opened.
func (s *store) checkKeys() error {
	return s.view(func(t *tx) error {
		ids, err := t.keyIDs()
		if err != nil {
			return fmt.Errorf("%w: %s: %w", ErrFormat, s.path, err)
		}
		for _, id := range ids {
			if s.seals == nil || s.seals.key(id) == nil {
				return fmt.Errorf("%w: %s needs the key with id %x, add it to Options.Keys", ErrKeys, s.path, id)
			}
		}
		return nil
	})
}

// noteKey stores, before it is used, that bodies are sealed with the first key.
func (o *Outbox) noteKey() error {
	g := o.store.seals
	if g == nil {
		return nil
	}
	return o.commit(context.Background(), func(t *tx) error {
		ids, err := t.keyIDs()
		if err != nil {
			return err
		}
		first := g.keys[0].id[:]
		if !slices.ContainsFunc(ids, func(id []byte) bool { return bytes.Equal(id, first) }) {
			t.putKeyIDs(append(ids, first))
		}
		return nil
	})
}

// Reseal seals all bodies that the file holds, those of the history included,
// with the first of [Options.Keys], and compacts the file, so that the other
// keys are not needed any more and what was not sealed is gone. It returns
// [ErrState] without keys. It can be interrupted and called again.
func (o *Outbox) Reseal(ctx context.Context) error {
	g := o.store.seals
	if g == nil {
		return fmt.Errorf("%w: Options.Keys is empty", ErrState)
	}
	for _, bucket := range []int{inEntries, inDead, inHistory} {
		err := o.rewrite(ctx, bucket, func(t *tx, k, v []byte) ([]byte, error) {
			if bucket == inHistory {
				e, final, err := decodeEvent(o.store.file, k, v)
				if err != nil || final == nil || !g.stale(final) {
					return nil, nil //nolint:nilerr // what is damaged is kept as it is
				}
				if err := g.open(final); err != nil {
					return nil, err
				}
				return encodeEvent(k, &e, g.seal(final)), nil
			}
			s, err := decodeStored(k, v)
			if err != nil || !g.stale(&s) {
				return nil, nil //nolint:nilerr // likewise
			}
			if err := g.open(&s); err != nil {
				return nil, err
			}
			return g.seal(&s).encode(), nil
		})
		if err != nil {
			return fmt.Errorf("reseal: %w", err)
		}
	}
	err := o.commit(ctx, func(t *tx) error { t.putKeyIDs([][]byte{g.keys[0].id[:]}); return nil })
	if err != nil {
		return fmt.Errorf("reseal: %w", err)
	}
	return o.Compact(ctx)
}

// rewrite replaces the values of a bucket by what change makes of them, nil for
// those that stay, a page at a time.
func (o *Outbox) rewrite(ctx context.Context, bucket int, change func(t *tx, k, v []byte) ([]byte, error)) error {
	for from := []byte{}; from != nil; {
		if err := ctx.Err(); err != nil {
			return err
		}
		next := from
		err := o.commit(ctx, func(t *tx) error {
			next = nil
			type pair struct{ k, v []byte }
			var changed []pair
			c := t.bucket(bucket).Cursor()
			n := 0
			for k, v := c.Seek(from); k != nil; k, v = c.Next() {
				if n++; n > page {
					next = bytes.Clone(k)
					break
				}
				fresh, err := change(t, bytes.Clone(k), bytes.Clone(v))
				if err != nil {
					return err
				}
				if fresh != nil {
					changed = append(changed, pair{bytes.Clone(k), fresh})
				}
			}
			for _, p := range changed {
				if bucket == inHistory {
					o.counters.historyBytes += uint64(len(p.v)) - uint64(len(t.get(bucket, p.k)))
					o.counters.changed = true
				}
				t.put(bucket, p.k, p.v)
			}
			return nil
		})
		if err != nil {
			return err
		}
		from = next
	}
	return nil
}
