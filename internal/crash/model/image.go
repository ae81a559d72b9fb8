package model

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
)

// apply puts the change into b. pick, if not nil, says which bytes ranges make
// it: it is called per piece and returns whether that piece is on disk.
func (c *change) apply(b []byte, pick func(off int64, n int) bool) []byte {
	if c.trunc {
		if int64(len(b)) >= c.size {
			if c.grow {
				return b
			}
			return b[:c.size]
		}
		return extend(b, c.size)
	}
	if pick == nil {
		b = extend(b, c.off+int64(len(c.data)))
		copy(b[c.off:], c.data)
		return b
	}
	const sector = 512
	for i := 0; i < len(c.data); {
		off := c.off + int64(i)
		n := min(sector-int(off%sector), len(c.data)-i)
		if pick(off, n) {
			b = extend(b, off+int64(n))
			copy(b[off:], c.data[i:i+n])
		}
		i += n
	}
	return b
}

func extend(b []byte, size int64) []byte {
	if int64(len(b)) >= size {
		return b
	}
	if int64(cap(b)) >= size {
		old := len(b)
		b = b[:size]
		clear(b[old:])
		return b
	}
	nb := make([]byte, size, size+size/4)
	copy(nb, b)
	return nb
}

// Choice says what of the pending changes reached the disk.
type Choice struct {
	Names int // the first Names pending name changes
	// Whole says whether change i is there; Piece, if not nil and Whole says
	// so, refines it for the bytes at off of change i.
	Whole func(i int) bool
	Piece func(i int, off int64) bool
	// SizeOnly: change i did not make it but the file's growth by it did.
	SizeOnly func(i int) bool
}

// Image is a possible content of the disk.
type Image map[string][]byte

// Build makes the image for a choice. The bytes must not be changed.
func (d *Disk) Build(c Choice) Image {
	names := maps.Clone(d.durable)
	for i := 0; i < c.Names && i < len(d.pendN); i++ {
		d.pendN[i].apply(names)
	}
	content := map[*File][]byte{}
	for i, ch := range d.pend {
		b, ok := content[ch.f]
		if !ok {
			b = append(make([]byte, 0, max(len(ch.f.durable), int(ch.f.size))), ch.f.durable...)
		}
		switch {
		case c.Whole(i) && c.Piece != nil && !ch.trunc:
			b = ch.apply(b, func(off int64, _ int) bool { return c.Piece(i, off) })
		case c.Whole(i):
			b = ch.apply(b, nil)
		case c.SizeOnly != nil && !ch.trunc && c.SizeOnly(i):
			b = extend(b, ch.off+int64(len(ch.data)))
		}
		content[ch.f] = b
	}
	img := Image{}
	for p, f := range names {
		if b, ok := content[f]; ok {
			img[p] = b
		} else {
			img[p] = f.durable
		}
	}
	return img
}

// Span returns offset and length of pending change i (length 0: a truncate).
func (d *Disk) Span(i int) (off int64, n int) { return d.pend[i].off, len(d.pend[i].data) }

// Describe names pending change i.
func (d *Disk) Describe(i int) string {
	c := d.pend[i]
	s := fmt.Sprintf("line %d %s", c.op.Start, c.op.Call)
	if c.trunc {
		s += fmt.Sprintf(" size=%d", c.size)
	} else {
		s += fmt.Sprintf(" off=%d len=%d", c.off, len(c.data))
	}
	if c.limbo {
		s += " (limbo)"
	}
	return s
}

// Hash identifies the image.
func (m Image) Hash() [32]byte {
	h := sha256.New()
	for _, p := range slices.Sorted(maps.Keys(m)) {
		// A hash's Write never fails.
		_, _ = fmt.Fprintf(h, "%q %d\n", p, len(m[p]))
		_, _ = h.Write(m[p])
	}
	return [32]byte(h.Sum(nil))
}
