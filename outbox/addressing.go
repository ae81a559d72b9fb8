package outbox

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"time"
)

// addressingRecord is what is stored of how an account names the targets of a
// family: since when, as a varint of Unix nanoseconds, and how. Readdressed: it
// is not known, the next entry says.
const flagReaddressed = 1

func addressingKey(account, family string) []byte {
	return []byte(metaAddressing + account + "\x00" + family)
}

func (t *tx) putAddressing(account, family string, part *branch) {
	flags := byte(flagReaddressed)
	if part.addressed {
		flags = 0
	}
	key := addressingKey(account, family)
	value := binary.AppendVarint([]byte{0, 0, 0, 0, codecFormat, flags}, part.addressedAt)
	t.put(inMeta, key, withChecksum(key, append(value, part.addressing...)))
}

// fixAddressing makes this the account's way to name its targets.
func (o *Outbox) fixAddressing(t *tx, a *account, f *family, addressing string) {
	part := o.branch(a, f)
	if part.addressed && part.addressing == addressing {
		return
	}
	part.addressing, part.addressed = addressing, true
	t.putAddressing(a.name, f.name, part)
}

// Readdress lets an account name the targets of a family in another way from its
// next entry on. While anything of the family is stored it is [ErrState]: what
// waits under the old names would be lanes of the same targets.
func (o *Outbox) Readdress(ctx context.Context, account, family string) error {
	return o.commit(ctx, func(t *tx) error {
		f := o.families[family]
		if f == nil {
			return fmt.Errorf("%w family: %q is that of no kind", ErrInvalid, family)
		}
		part := o.branch(o.accountOf(account), f)
		if part.stored > 0 {
			return fmt.Errorf("%w: %d entries or dead letters of family %s are stored for account %q: deliver or discard them first", ErrState, part.stored, family, account)
		}
		part.addressing, part.addressed, part.addressedAt = "", false, t.now.UnixNano()
		t.putAddressing(account, family, part)
		return nil
	})
}

func (o *Outbox) loadAddressing(t *tx) {
	c := t.bucket(inMeta).Cursor()
	prefix := []byte(metaAddressing)
	for k, v := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
		account, fam, ok := bytes.Cut(k[len(prefix):], []byte{0})
		flags, fields, err := verified(k, v)
		f := o.families[string(fam)]
		if !ok || err != nil || f == nil {
			continue
		}
		r := reader{b: fields}
		part := o.branch(o.accountOf(string(account)), f)
		part.addressedAt = r.int()
		part.addressing, part.addressed = string(r.b), flags&flagReaddressed == 0
	}
}

// named says whether a moment is from since the account names its targets as it
// does now: lanes of before have other keys.
func (b *branch) named(at time.Time) bool { return at.UnixNano() >= b.addressedAt }
