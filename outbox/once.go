package outbox

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"
)

// creation is what is stored under the hash of a creation's key.
type creation struct {
	seq uint64
	// expiresAt is when the key is forgotten, Unix nanoseconds; zero as long as
	// the creation is not settled.
	expiresAt   int64
	deliveredAt int64  // Unix nanoseconds; zero if it is not
	data        []byte // see Result.Data
	// cancelled: a person took it out, the last time that it was settled.
	cancelled bool
	fields    []fieldHash
}

// fieldHash tells whether a field is the same without telling what it is.
type fieldHash struct {
	name string
	hash [16]byte
}

// onceKey is the hash of the host and account that the creation is for and of
// the caller's key.
func onceKey(host, account, key string) []byte {
	h := sha256.New()
	for _, part := range []string{host, account, key} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}

func (s *store) hashFields(fields map[string][]byte) []fieldHash {
	out := make([]fieldHash, 0, len(fields))
	for name, value := range fields {
		m := hmac.New(sha256.New, s.secret[:])
		m.Write([]byte(name))
		m.Write([]byte{0})
		m.Write(value)
		f := fieldHash{name: name}
		copy(f.hash[:], m.Sum(nil))
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b fieldHash) int { return bytes.Compare([]byte(a.name), []byte(b.name)) })
	return out
}

// differing names the fields that are not the same in both, sorted.
func differing(a, b []fieldHash) []string {
	var out []string
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].name < b[0].name:
			out, a = append(out, a[0].name), a[1:]
		case len(a) == 0 || b[0].name < a[0].name:
			out, b = append(out, b[0].name), b[1:]
		default:
			if a[0].hash != b[0].hash {
				out = append(out, a[0].name)
			}
			a, b = a[1:], b[1:]
		}
	}
	return out
}

const flagCancelled = 1

func (c *creation) encode(key []byte) []byte {
	b := append(make([]byte, 4, 128), codecFormat, 0)
	if c.cancelled {
		b[5] = flagCancelled
	}
	b = binary.AppendUvarint(b, c.seq)
	b = binary.AppendVarint(b, c.expiresAt)
	b = binary.AppendVarint(b, c.deliveredAt)
	b = appendBytes(b, c.data)
	b = binary.AppendUvarint(b, uint64(len(c.fields)))
	for _, f := range c.fields {
		b = appendBytes(b, f.name)
		b = append(b, f.hash[:]...)
	}
	return withChecksum(key, b)
}

func decodeCreation(key, value []byte) (creation, error) {
	flags, fields, err := verified(key, value)
	if err != nil {
		return creation{}, err
	}
	r := reader{b: fields}
	c := creation{seq: r.uint(), expiresAt: r.int(), deliveredAt: r.int(), cancelled: flags&flagCancelled != 0}
	c.data = append([]byte(nil), r.bytes()...)
	for n := r.uint(); n > 0 && r.err == nil; n-- {
		f := fieldHash{name: r.string()}
		if len(r.b) < len(f.hash) {
			r.fail()
			break
		}
		copy(f.hash[:], r.b)
		r.b = r.b[len(f.hash):]
		c.fields = append(c.fields, f)
	}
	return c, r.end()
}

// creationUnder returns the creation with that key, if it is remembered.
func (t *tx) creationUnder(key []byte, now time.Time) (c creation, ok bool, err error) {
	value := t.get(inOnce, key)
	if value == nil {
		return c, false, nil
	}
	c, err = decodeCreation(key, value)
	if err != nil {
		return c, false, err
	}
	return c, c.expiresAt == 0 || c.expiresAt > now.UnixNano(), nil
}

// onceKeyOf is the key of the creation that an entry of kind k is or belongs
// to; nil if it names none.
func onceKeyOf(k *kind, s *stored) []byte {
	if k == nil || s.once == "" {
		return nil
	}
	return onceKey(k.Host, s.account, s.once)
}

// goesFirst says whether a creation goes before what its lane has already: steps
// that were accepted before the creation that they belong to.
func (o *Outbox) goesFirst(t *tx, l *lane, k *kind, s *stored) bool {
	if k.Class != Once {
		return false
	}
	var step stored
	var err error
	switch {
	case len(l.entries) > 0 && l.entries[0].seq < s.seq:
		step, err = t.entry(inEntries, l.entries[0].seq)
	case len(l.dead) > 0 && l.dead[0] < s.seq:
		step, err = t.entry(inDead, l.dead[0])
	default:
		return false
	}
	return err == nil && o.kindOf(step.kind).Class == Step && step.once == s.once
}

// findFirst finds the creation of a lane that goes first, if there is one.
func (o *Outbox) findFirst(t *tx, l *lane) {
	if l.absolute() || len(l.entries)+len(l.dead) < 2 {
		return
	}
	for _, e := range l.entries {
		if o.kinds[e.kind].Class != Once {
			continue
		}
		if s, err := t.entry(inEntries, e.seq); err == nil && o.goesFirst(t, l, o.kindOf(s.kind), &s) {
			l.first = s.seq
		}
	}
	for _, seq := range l.dead {
		if s, err := t.entry(inDead, seq); err == nil && s.flags&flagUnreadable == 0 && o.goesFirst(t, l, o.kindOf(s.kind), &s) {
			l.first = s.seq
		}
	}
}

// settleCreation notes under a creation's key what became of it, and from when
// on the key may be forgotten.
func (o *Outbox) settleCreation(t *tx, s *stored, delivered bool, data []byte, now time.Time) {
	k := o.configured[s.kind]
	if k == nil || k.Class != Once {
		return
	}
	key := onceKeyOf(k, s)
	value := t.get(inOnce, key)
	c := creation{seq: s.seq}
	if value != nil {
		if old, err := decodeCreation(key, value); err == nil {
			c = old
		}
	}
	c.expiresAt, c.cancelled = now.Add(o.opts.OnceRetention).UnixNano(), !delivered
	if delivered {
		c.deliveredAt, c.data = now.UnixNano(), data
	}
	t.put(inOnce, key, c.encode(key))
}
