package outbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"time"
)

// Stored bytes are input: each value starts with a checksum over its key and
// the rest, since bbolt has none, and is decoded without trust.
//
//	0      4        5        6
//	| crc  | format | flags  | fields, varints and length-prefixed bytes |

const (
	codecFormat = 2
	codecSealed = 3 // likewise, and its bodies are sealed
)

// errUnreadable wraps every decoding error.
var errUnreadable = errors.New("unreadable")

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) } // made once, MakeTable caches it

// checksum takes the key last, since when most of a value is encoded its key is
// not known yet.
func checksum(key, rest []byte) uint32 {
	return crc32.Update(crc32.Checksum(rest, castagnoli()), castagnoli(), key)
}

// withChecksum fills in the checksum of a value whose first 4 bytes are free.
func withChecksum(key, value []byte) []byte {
	binary.BigEndian.PutUint32(value, checksum(key, value[4:]))
	return value
}

// verified checks a value and returns its flags and fields.
func verified(key, value []byte) (flags byte, fields []byte, err error) {
	switch {
	case len(value) < 6:
		return 0, nil, fmt.Errorf("%w: %d bytes are too few", errUnreadable, len(value))
	case binary.BigEndian.Uint32(value) != checksum(key, value[4:]):
		return 0, nil, fmt.Errorf("%w: checksum does not match", errUnreadable)
	case value[4] != codecFormat && value[4] != codecSealed:
		return 0, nil, fmt.Errorf("%w: record format %d, want %d", errUnreadable, value[4], codecFormat)
	}
	return value[5], value[6:], nil
}

// reader decodes fields; after an error it yields zeroes.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail() {
	if r.err == nil {
		r.err = fmt.Errorf("%w: cut short", errUnreadable)
	}
	r.b = nil
}

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

// bytes returns a part of the value, not a copy.
func (r *reader) bytes() []byte {
	n := r.uint()
	if n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) string() string { return string(r.bytes()) }

// names are the strings that tell where an entry belongs, as parts of a value.
type names struct{ kind, account, key, once []byte }

// strings copies them, in one piece of memory.
func (n names) strings() (kind, account, key, once string) {
	var all strings.Builder
	all.Grow(len(n.kind) + len(n.account) + len(n.key) + len(n.once))
	add := func(name []byte) string {
		from := all.Len()
		all.Write(name)
		return all.String()[from:]
	}
	return add(n.kind), add(n.account), add(n.key), add(n.once)
}

// end reports the first error, or that bytes are left over.
func (r *reader) end() error {
	if r.err == nil && len(r.b) > 0 {
		r.err = fmt.Errorf("%w: %d bytes too many", errUnreadable, len(r.b))
	}
	return r.err
}

func appendBytes[T ~[]byte | ~string](b []byte, v T) []byte {
	b = binary.AppendUvarint(b, uint64(len(v)))
	return append(b, v...)
}

func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// Flags of a stored entry.
const (
	flagParked      = 1 << iota // waits for a person
	flagInDoubt                 // delivered, to be confirmed
	flagLookupFirst             // a creation that an earlier file may have sent
	flagFromBackup              // found in a restored file: as of then, not of now
	flagUnreadable              // a dead letter whose body is the bytes that could not be decoded

	// On disk only, so that what most entries lack takes no room.
	flagOnce // has stored.once
	flagPast // has what only an entry has that something happened to

	flagTried byte = 1 << iota // a value that may have taken effect: an attempt failed, or its outcome is unknown
)

// stored is an entry as it is on disk, in entries and in dead.
type stored struct {
	seq   uint64
	flags byte
	group Group
	// pending is the verdict that waits for a look-up: Unknown, Rejected, or
	// Failed; zero if none does.
	pending                     Verdict
	kind, account, key          string
	once, reason                string
	acceptedAt, dueAt           int64 // Unix nanoseconds
	asOf                        int64 // likewise, of the snapshot it is from; zero if it is from none
	attempts                    uint64
	sends                       uint64        // attempts of a creation whose outcome was unknown
	confirmAt                   time.Duration // uptime of the host at which the value goes once more; zero if not in question
	unknownSince, notFoundSince time.Duration // uptime of the host, plus 1 so that zero is never
	body                        []byte        // as accepted
	merged                      []byte        // covers the older entries too; nil if the body does
	sealed                      bool          // so are body and merged, see seals
}

// toSend is what covers the lane.
func (s *stored) toSend() []byte {
	if s.merged != nil {
		return s.merged
	}
	return s.body
}

func (s *stored) encode() []byte { return s.encodeIn(make([]byte, 0, s.maxSize())) }

// encodeIn is encode into the memory of an empty slice.
func (s *stored) encodeIn(b []byte) []byte {
	b = s.appendTo(b)
	return withChecksum(seqKey(s.seq), binary.BigEndian.AppendUint64(b, uint64(s.acceptedAt)))
}

// draft is an encoded entry without what the committer alone can give: its
// sequence, which is the key, and the moment of acceptance, which comes last.
// It is made where many do it at once.
type draft struct {
	bytes []byte
	sum   uint32 // of bytes behind the checksum's place
}

func (s *stored) draft(b []byte) draft {
	if need := s.maxSize(); cap(b) < need {
		b = make([]byte, 0, need)
	}
	b = s.appendTo(b[:0])
	return draft{bytes: b, sum: crc32.Checksum(b[4:], castagnoli())}
}

// complete returns the value to store under key.
func (d draft) complete(key []byte, acceptedAt int64) []byte {
	n := len(d.bytes)
	b := binary.BigEndian.AppendUint64(d.bytes, uint64(acceptedAt))
	// The key is put behind for a moment, for one sum instead of two.
	b = append(b, key...)
	binary.BigEndian.PutUint32(b, crc32.Update(d.sum, castagnoli(), b[n:]))
	return b[:len(b)-len(key)]
}

// maxSize is at least the length of the encoded entry.
func (s *stored) maxSize() int {
	const fixed = 16 + 15*binary.MaxVarintLen64
	return fixed + len(s.kind) + len(s.account) + len(s.key) + len(s.once) + len(s.reason) + len(s.body) + len(s.merged)
}

// formatOf is the format of a record that holds the bodies of an entry.
func formatOf(s *stored) byte {
	if s != nil && s.sealed {
		return codecSealed
	}
	return codecFormat
}

// appendTo appends the entry to an empty b, but for its checksum and the moment
// of acceptance, the last 8 bytes.
func (s *stored) appendTo(b []byte) []byte {
	flags, past := s.flags, s.hasPast()
	if s.once != "" {
		flags |= flagOnce
	}
	if past {
		flags |= flagPast
	}
	b = append(b, 0, 0, 0, 0, formatOf(s), flags, byte(s.group))
	b = appendBytes(b, s.kind)
	b = appendBytes(b, s.account)
	b = appendBytes(b, s.key)
	if s.once != "" {
		b = appendBytes(b, s.once)
	}
	if past {
		b = append(b, byte(s.pending))
		b = binary.AppendVarint(b, s.asOf)
		b = binary.AppendVarint(b, s.dueAt)
		b = binary.AppendUvarint(b, s.attempts)
		b = binary.AppendUvarint(b, s.sends)
		b = binary.AppendVarint(b, int64(s.confirmAt))
		b = binary.AppendVarint(b, int64(s.unknownSince))
		b = binary.AppendVarint(b, int64(s.notFoundSince))
		b = appendBytes(b, s.reason)
	}
	b = appendBytes(b, s.body)
	if s.merged != nil {
		b = appendBytes(b, s.merged)
	}
	return b
}

func (s *stored) hasPast() bool {
	return s.pending != 0 || s.asOf != 0 || s.dueAt != 0 || s.attempts != 0 || s.sends != 0 ||
		s.confirmAt != 0 || s.unknownSince != 0 || s.notFoundSince != 0 || s.reason != ""
}

// decodeStored returns an entry whose byte slices are parts of value.
func decodeStored(key, value []byte) (stored, error) {
	s, n, err := decodeUnnamed(key, value)
	if err != nil {
		return stored{}, err
	}
	s.kind, s.account, s.key, s.once = n.strings()
	return s, nil
}

// decodeUnnamed is decodeStored, but leaves the names where they are: who knows
// them already needs no copy.
func decodeUnnamed(key, value []byte) (s stored, n names, err error) {
	if len(key) != 8 {
		return s, n, fmt.Errorf("%w: key of %d bytes", errUnreadable, len(key))
	}
	flags, fields, err := verified(key, value)
	if err != nil {
		return s, n, err
	}
	if len(fields) < 1+8 {
		return s, n, fmt.Errorf("%w: cut short", errUnreadable)
	}
	s = stored{seq: binary.BigEndian.Uint64(key), flags: flags &^ (flagOnce | flagPast), group: Group(fields[0]), sealed: value[4] == codecSealed}
	if s.group > MaxGroup || s.group == 0 && flags&flagUnreadable == 0 {
		return s, n, fmt.Errorf("%w: group %d", errUnreadable, s.group)
	}
	last := len(fields) - 8
	s.acceptedAt = int64(binary.BigEndian.Uint64(fields[last:]))
	r := reader{b: fields[1:last:last]}
	n.kind, n.account, n.key = r.bytes(), r.bytes(), r.bytes()
	if flags&flagOnce != 0 {
		n.once = r.bytes()
	}
	if flags&flagPast != 0 {
		s.pending = Verdict(r.byte())
		s.asOf = r.int()
		s.dueAt = r.int()
		s.attempts, s.sends = r.uint(), r.uint()
		s.confirmAt, s.unknownSince, s.notFoundSince = time.Duration(r.int()), time.Duration(r.int()), time.Duration(r.int())
		s.reason = r.string()
	}
	s.body = r.bytes()
	if len(r.b) > 0 {
		s.merged = r.bytes()
	}
	return s, n, r.end()
}

// unreadableEntry is the dead letter made of bytes that could not be decoded.
func unreadableEntry(seq uint64, value []byte, why error, now time.Time) stored {
	return stored{seq: seq, flags: flagUnreadable, acceptedAt: now.UnixNano(), reason: why.Error(), body: value}
}

func unixTime(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns)
}

func (s *stored) record(file uint32) Record {
	r := Record{
		ID:         ID{file: file, seq: s.seq},
		Entry:      Entry{Kind: s.kind, Account: s.account, Key: s.key, Once: s.once, Group: s.group, AsOf: unixTime(s.asOf), Body: append([]byte(nil), s.body...)},
		State:      Waiting,
		Reason:     s.reason,
		AcceptedAt: unixTime(s.acceptedAt),
		DueAt:      unixTime(s.dueAt),
		Attempts:   int(s.attempts),
		InDoubt:    s.flags&flagInDoubt != 0,
		Unknown:    s.pending == Unknown,
	}
	switch {
	case s.flags&flagUnreadable != 0:
		r.Unreadable, r.Body = r.Body, nil
	case r.InDoubt:
		r.State = Done
	case s.flags&flagParked != 0:
		r.State = Parked
	}
	return r
}
