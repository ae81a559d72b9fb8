package outbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
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
	first := readBoltMeta(f, 0)
	pageSizes := []int64{4096, 8192, 16384, 32768, 65536}
	if first != nil {
		pageSizes = []int64{first.pageSize}
	}
	best := first
	for _, size := range pageSizes {
		if m := readBoltMeta(f, size); m != nil && m.pageSize == size && (best == nil || m.txid > best.txid) {
			best = m
		}
	}
	switch {
	case best == nil:
		return refuse("no valid meta page among the first two of its %d bytes, this is another program's file or damaged", fi.Size())
	case fi.Size() < best.pages*best.pageSize:
		return refuse("truncated at %d bytes, it had at least %d", fi.Size(), best.pages*best.pageSize)
	}
	return nil
}

type boltMeta struct{ pageSize, pages, txid int64 }

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
	if binary.LittleEndian.Uint32(m) != 0xED0CDAED || binary.LittleEndian.Uint64(m[length-8:]) != sum.Sum64() {
		return nil
	}
	return &boltMeta{
		pageSize: int64(binary.LittleEndian.Uint32(m[8:])),
		pages:    int64(binary.LittleEndian.Uint64(m[40:])),
		txid:     int64(binary.LittleEndian.Uint64(m[48:])),
	}
}
