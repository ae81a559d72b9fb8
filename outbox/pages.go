package outbox

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// pageWalk visits every page of a bbolt file that is in use. It comes before
// bbolt does, since a damaged page makes bbolt panic, in part in a goroutine of
// its own where nothing can be recovered, and keep the file open and locked.
//
// A page has a header and elements; pos counts from the element that it is in,
// and the value follows the key.
//
//	page    | id 8 | flags 2 | count 2 | overflow 4 |
//	branch  | pos 4 | key size 4 | page id 8 |
//	leaf    | flags 4 | pos 4 | key size 4 | value size 4 |
//
// A bucket is a value of the root's leaves:
//
//	| root page's id 8 | sequence 8 | the page itself, if its id is 0 |
type pageWalk struct {
	file      io.ReaderAt
	meta      *boltMeta
	seen      []byte // a bit for each page
	inBuckets bool   // below the root's leaves
	// levels are the pages that led to the one that is visited, which is at
	// depth. Their memory serves the pages beside them too.
	levels [deepest + 1]level
	depth  int
}

// level is a page on the way down, and its keys, which are parts of it.
type level struct {
	data []byte
	keys [][]byte
}

const (
	pageHeader   = 16
	pageElement  = 16
	bucketHeader = 16

	branchPage   = 1
	leafPage     = 2
	freelistPage = 16

	bucketLeaf = 1

	noFreelist = 1<<64 - 1 // it is found out at opening, and not stored
	// deepest is how many pages can lead to another. A real tree with that many
	// levels would be larger than any disk.
	deepest = 40
)

// checkPages says what is wrong with the pages of a file.
func checkPages(file io.ReaderAt, meta *boltMeta) error {
	w := &pageWalk{file: file, meta: meta, seen: make([]byte, meta.pages/8+1)}
	if err := w.tree(meta.root, nil, nil); err != nil {
		return err
	}
	if meta.freelist == noFreelist {
		return nil
	}
	return w.freelist()
}

// page reads a page, which nothing else may have led to.
func (w *pageWalk) page(id uint64) ([]byte, error) {
	const metas = 2
	if id < metas || id >= uint64(w.meta.pages) {
		return nil, fmt.Errorf("page %d is not one of its %d pages", id, w.meta.pages)
	}
	l := &w.levels[w.depth]
	read := func(from, to int64) error {
		l.data = slices.Grow(l.data[:from], int(to-from))[:to]
		if _, err := w.file.ReadAt(l.data[from:], int64(id)*w.meta.pageSize+from); err != nil {
			return fmt.Errorf("page %d: %w", id, err)
		}
		return nil
	}
	if err := read(0, w.meta.pageSize); err != nil {
		return nil, err
	}
	if got := binary.LittleEndian.Uint64(l.data); got != id {
		return nil, fmt.Errorf("page %d says that it is page %d", id, got)
	}
	more := uint64(binary.LittleEndian.Uint32(l.data[12:]))
	if id+more >= uint64(w.meta.pages) {
		return nil, fmt.Errorf("page %d goes on for %d more pages, of %d", id, more, w.meta.pages)
	}
	for p := id; p <= id+more; p++ {
		if err := w.reach(p); err != nil {
			return nil, err
		}
	}
	if more > 0 {
		if err := read(w.meta.pageSize, int64(1+more)*w.meta.pageSize); err != nil {
			return nil, err
		}
	}
	return l.data, nil
}

func (w *pageWalk) reach(id uint64) error {
	if w.seen[id/8]&(1<<(id%8)) != 0 {
		return fmt.Errorf("page %d is in two places", id)
	}
	w.seen[id/8] |= 1 << (id % 8)
	return nil
}

// tree visits a page and what it leads to. Its first key is the one that led to
// it, unless that is nil: bbolt finds the place of a page by it when it writes, and
// else puts the page in two places. All are less than high, unless that is nil.
func (w *pageWalk) tree(id uint64, first, high []byte) error {
	if w.depth++; w.depth == deepest {
		return fmt.Errorf("page %d is %d pages deep", id, w.depth)
	}
	defer func() { w.depth-- }()
	data, err := w.page(id)
	if err != nil {
		return err
	}
	keys, err := w.elements(data, high)
	if err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	if first != nil && (len(keys) == 0 || !bytes.Equal(keys[0], first)) {
		return fmt.Errorf("page %d does not begin with the key that leads to it", id)
	}
	if pageFlags(data) == leafPage {
		return nil
	}
	for i, key := range keys {
		below := high
		if i+1 < len(keys) {
			below = keys[i+1]
		}
		child := binary.LittleEndian.Uint64(data[pageHeader+i*pageElement+8:])
		if err := w.tree(child, key, below); err != nil {
			return err
		}
	}
	return nil
}

func pageFlags(data []byte) uint16 { return binary.LittleEndian.Uint16(data[8:]) }

// elements returns the keys of a page, and visits the buckets that are in it.
func (w *pageWalk) elements(data, high []byte) ([][]byte, error) {
	flags, count := pageFlags(data), int(binary.LittleEndian.Uint16(data[10:]))
	switch {
	case flags != branchPage && flags != leafPage:
		return nil, fmt.Errorf("it has the flags %#x and is neither branch nor leaf", flags)
	case flags == branchPage && count == 0:
		return nil, errors.New("it is a branch that leads nowhere")
	case pageHeader+count*pageElement > len(data):
		return nil, fmt.Errorf("%d elements do not fit into it", count)
	}
	l := &w.levels[w.depth]
	l.keys = slices.Grow(l.keys[:0], count)[:count]
	keys := l.keys
	for i := range keys {
		key, value, inside := element(data, i, flags)
		switch {
		case !inside:
			return nil, fmt.Errorf("element %d does not fit into it", i)
		case i > 0 && bytes.Compare(keys[i-1], key) >= 0, high != nil && bytes.Compare(key, high) >= 0:
			return nil, fmt.Errorf("key %d is not in its place", i)
		}
		keys[i] = key
		if flags != leafPage {
			continue
		}
		kind := binary.LittleEndian.Uint32(data[pageHeader+i*pageElement:])
		isBucket := kind == bucketLeaf
		if kind > bucketLeaf || isBucket == w.inBuckets {
			return nil, fmt.Errorf("element %d has the flags %#x and does not belong there", i, kind)
		}
		if isBucket {
			if err := w.bucket(value); err != nil {
				return nil, fmt.Errorf("bucket %.40q: %w", key, err)
			}
		}
	}
	return keys, nil
}

// element returns a key, and the value that follows it in a leaf.
func element(data []byte, i int, flags uint16) (key, value []byte, inside bool) {
	at := pageHeader + i*pageElement
	e := data[at : at+pageElement]
	field := func(i int) uint64 { return uint64(binary.LittleEndian.Uint32(e[4*i:])) }
	pos, keySize, valueSize := field(0), field(1), uint64(0)
	if flags == leafPage {
		pos, keySize, valueSize = field(1), field(2), field(3)
	}
	begin := uint64(at) + pos
	if begin+keySize+valueSize > uint64(len(data)) {
		return nil, nil, false
	}
	return data[begin : begin+keySize], data[begin+keySize : begin+keySize+valueSize], true
}

// bucket visits the pages of a bucket.
func (w *pageWalk) bucket(value []byte) error {
	if len(value) < bucketHeader {
		return fmt.Errorf("%d bytes are too few", len(value))
	}
	w.inBuckets = true
	defer func() { w.inBuckets = false }()
	if root := binary.LittleEndian.Uint64(value); root != 0 {
		return w.tree(root, nil, nil)
	}
	within := value[bucketHeader:]
	if len(within) < pageHeader || pageFlags(within) != leafPage {
		return errors.New("it has no page")
	}
	w.depth++ // its keys are not those of the page that it is in
	defer func() { w.depth-- }()
	_, err := w.elements(within, nil)
	return err
}

// freelist checks that what is free is not in use, where the file says so: one
// that another program wrote to.
func (w *pageWalk) freelist() error {
	data, err := w.page(w.meta.freelist)
	if err != nil {
		return fmt.Errorf("free pages: %w", err)
	}
	const manyMore = 0xFFFF // then the first number is how many
	count, rest := uint64(binary.LittleEndian.Uint16(data[10:])), data[pageHeader:]
	if count == manyMore {
		count, rest = binary.LittleEndian.Uint64(rest), rest[8:]
	}
	if pageFlags(data) != freelistPage || count > uint64(len(rest))/8 {
		return fmt.Errorf("page %d has no list of free pages", w.meta.freelist)
	}
	for i := range count {
		id := binary.LittleEndian.Uint64(rest[8*i:])
		if id < 2 || id >= uint64(w.meta.pages) {
			return fmt.Errorf("page %d is free, but not one of its %d pages", id, w.meta.pages)
		}
		if err := w.reach(id); err != nil {
			return fmt.Errorf("%w, one of them the free ones", err)
		}
	}
	return nil
}
