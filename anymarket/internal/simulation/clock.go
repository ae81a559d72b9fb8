package simulation

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"regexp"
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

// setClock makes an outbox file that nobody holds look as if the clock of the host
// had been set forward by d, or back, since it was written. In a bubble no clock can
// be set, so all moments in the file move the other way.
func setClock(path string, d time.Duration) error {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // after an error it is the one that counts
	err = db.Update(func(tx *bbolt.Tx) error {
		for name, change := range map[string]func(*copier, []byte){
			"entries": (*copier).entry, "dead": (*copier).entry, "history": (*copier).event,
			"once": (*copier).creation, "gate": (*copier).text, "meta": (*copier).meta,
		} {
			bucket, next := tx.Bucket([]byte(name)), map[string][]byte{}
			err := bucket.ForEach(func(key, value []byte) error {
				c := copier{in: value[6:], out: slices.Clone(value[:6]), flags: value[5], by: -d}
				change(&c, key)
				if c.err != nil {
					return fmt.Errorf("set the clock of %s/%x: %w", name, key, c.err)
				}
				next[string(key)] = c.sealed(key)
				return nil
			})
			if err != nil {
				return err
			}
			for key, value := range next {
				if err := bucket.Put([]byte(key), value); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return db.Close()
}

// copier copies the fields of a stored value and moves its moments.
type copier struct {
	in, out []byte
	flags   byte
	by      time.Duration
	err     error
}

func (c *copier) take(n int) []byte {
	if n < 0 || n > len(c.in) {
		c.err = fmt.Errorf("cut short")
		n = len(c.in)
	}
	taken := c.in[:n]
	c.in = c.in[n:]
	return taken
}

func (c *copier) bytes(n int) { c.out = append(c.out, c.take(n)...) }

func (c *copier) uint() uint64 {
	v, n := binary.Uvarint(c.in)
	c.bytes(n)
	return v
}

func (c *copier) string() { c.bytes(int(c.uint())) }

// moment is in Unix nanoseconds; zero is none.
func (c *copier) moment() {
	v, n := binary.Varint(c.in)
	c.take(n)
	if v != 0 {
		v += int64(c.by)
	}
	c.out = binary.AppendVarint(c.out, v)
}

func (c *copier) entry([]byte) {
	const once, past = 1 << 5, 1 << 6
	c.bytes(1) // group
	c.string() // kind
	c.string() // account
	c.string() // key
	if c.flags&once != 0 {
		c.string()
	}
	if c.flags&past != 0 {
		c.bytes(1) // pending verdict
		c.moment() // as of
		c.moment() // due at
	}
	c.bytes(len(c.in) - 8)
	if at := c.take(8); len(at) == 8 { // accepted at
		c.out = binary.BigEndian.AppendUint64(c.out, binary.BigEndian.Uint64(at)+uint64(c.by))
	}
}

func (c *copier) event([]byte) {
	const ends = 1 << 3
	c.bytes(2) // type, verdict
	c.moment()
	c.uint()   // attempt
	c.uint()   // by
	c.string() // reason
	if c.flags&ends != 0 {
		c.bytes(1) // group
		c.moment() // accepted at
		c.moment() // as of
	}
	c.bytes(len(c.in))
}

func (c *copier) creation([]byte) {
	c.uint()   // sequence
	c.moment() // expires at
	c.moment() // delivered at
	c.bytes(len(c.in))
}

// text moves the moments in JSON.
func (c *copier) text([]byte) {
	moments := regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:\d\d)`)
	c.out = append(c.out, moments.ReplaceAllFunc(c.take(len(c.in)), func(old []byte) []byte {
		at, err := time.Parse(time.RFC3339Nano, string(old))
		if err != nil || at.IsZero() {
			return old
		}
		return []byte(at.Add(c.by).Format(time.RFC3339Nano))
	})...)
}

func (c *copier) meta(key []byte) {
	switch {
	case string(key) == "file":
		c.bytes(4)
		c.moment() // created at
	case string(key) == "counters":
		for range 4 {
			c.uint()
		}
		if v, n := binary.Uvarint(c.in); v != 0 { // newest that was forgotten
			c.take(n)
			c.out = binary.AppendUvarint(c.out, v+uint64(c.by))
		}
	case bytes.HasPrefix(key, []byte("addressing/")):
		c.moment()
	case string(key) == "gate":
		c.text(key)
	}
	c.bytes(len(c.in))
}

// sealed returns the value with its checksum.
func (c *copier) sealed(key []byte) []byte {
	table := crc32.MakeTable(crc32.Castagnoli)
	binary.BigEndian.PutUint32(c.out, crc32.Update(crc32.Checksum(c.out[4:], table), table, key))
	return c.out
}
