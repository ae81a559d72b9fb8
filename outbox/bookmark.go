package outbox

import (
	"bytes"
	"context"
	"fmt"
)

const (
	metaBookmark = "bookmark/" // + name
	maxBookmark  = 64 << 10
)

// SetBookmark keeps a few bytes, durably, under a name: how far a long job got,
// for instance. No value, or an empty one, removes it. A name has at most 1024
// bytes, a value 64 KiB.
func (o *Outbox) SetBookmark(ctx context.Context, name string, value []byte) error {
	if name == "" || len(name) > maxKey || len(value) > maxBookmark {
		return fmt.Errorf("%w bookmark: a name has 1 to %d bytes, a value at most %d", ErrInvalid, maxKey, maxBookmark)
	}
	key := []byte(metaBookmark + name)
	sealed := withChecksum(key, append([]byte{0, 0, 0, 0, codecFormat, 0}, value...))
	return o.commit(ctx, func(t *tx) error {
		if len(value) == 0 {
			t.delete(inMeta, key)
		} else {
			t.put(inMeta, key, sealed)
		}
		return nil
	})
}

// Bookmark returns what [Outbox.SetBookmark] kept, nil if there is nothing.
func (o *Outbox) Bookmark(name string) (value []byte, err error) {
	key := []byte(metaBookmark + name)
	err = o.store.guard(func() error {
		return o.store.view(func(t *tx) error {
			stored := t.get(inMeta, key)
			if stored == nil {
				return nil
			}
			_, fields, err := verified(key, stored)
			if err != nil {
				return fmt.Errorf("%w: %s: meta/%s: %w", ErrFormat, o.store.path, key, err)
			}
			value = bytes.Clone(fields)
			return nil
		})
	})
	return value, err
}
