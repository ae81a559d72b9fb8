package outbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"slices"
)

// inspectFile looks at a file before bbolt does, without writing: bbolt makes
// a new database of an empty file, and maps a truncated one, which kills the
// process at the first touch of what is missing.
//
// A bbolt file starts with two meta pages, each a page header of 16 bytes and
//
//	0       4         8          12      16              32         40       48     56
//	| magic | version | pagesize | flags | root bucket   | freelist | pages  | txid | fnv-1a |
func inspectFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s: %s", ErrFormat, path, fmt.Sprintf(format, args...))
	}
	if !fi.Mode().IsRegular() {
		return refuse("not a regular file")
	}
	m := newestMeta(f)
	switch {
	case m == nil:
		return refuse("no valid meta page among the first two of its %d bytes, this is another program's file or damaged", fi.Size())
	case !slices.Contains(pageSizes(), m.pageSize) || m.pages < 0:
		return refuse("its meta page says %d pages of %d bytes, it is damaged", m.pages, m.pageSize)
	case m.pages > fi.Size()/m.pageSize:
		return refuse("truncated at %d bytes, it had at least %d pages of %d", fi.Size(), m.pages, m.pageSize)
	}
	return nil
}

// inspectPages looks at all pages that are in use.
func inspectPages(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	m := newestMeta(f)
	if m == nil {
		return fmt.Errorf("%w: %s: no valid meta page", ErrFormat, path)
	}
	if err := checkPages(f, m); err != nil {
		return fmt.Errorf("%w: %s: %w: this is another program's file or damaged", ErrFormat, path, err)
	}
	return nil
}

func pageSizes() []int64 { return []int64{4096, 8192, 16384, 32768, 65536} }

// newestMeta is the one that bbolt goes by, nil if there is none.
func newestMeta(r io.ReaderAt) *boltMeta {
	first := readBoltMeta(r, 0)
	best := first
	for _, size := range pageSizes() {
		m := readBoltMeta(r, size)
		if m != nil && m.pageSize == size && (first == nil || first.pageSize == size) && (best == nil || m.txid > best.txid) {
			best = m
		}
	}
	return best
}

type boltMeta struct {
	pageSize, pages      int64
	root, freelist, txid uint64
}

func readBoltMeta(r io.ReaderAt, at int64) *boltMeta {
	const header, length = 16, 64
	var b [header + length]byte
	if _, err := r.ReadAt(b[:], at); err != nil && !errors.Is(err, io.EOF) {
		return nil
	}
	m := b[header:]
	sum := fnv.New64a()
	_, _ = sum.Write(m[:length-8]) // a hash never fails
	// bbolt writes in the machine's byte order; all that Go runs on and bbolt
	// supports in practice are little endian.
	const magic, version = 0xED0CDAED, 2
	if binary.LittleEndian.Uint32(m) != magic || binary.LittleEndian.Uint32(m[4:]) != version || binary.LittleEndian.Uint64(m[length-8:]) != sum.Sum64() {
		return nil
	}
	return &boltMeta{
		pageSize: int64(binary.LittleEndian.Uint32(m[8:])),
		pages:    int64(binary.LittleEndian.Uint64(m[40:])),
		root:     binary.LittleEndian.Uint64(m[16:]),
		freelist: binary.LittleEndian.Uint64(m[32:]),
		txid:     binary.LittleEndian.Uint64(m[48:]),
	}
}
