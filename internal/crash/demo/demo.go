// Package demo holds what the demonstration writer and its checker share.
package demo

import (
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
)

// Names in the store: the bucket Pending holds id -> payload, the bucket Meta
// holds Done -> last delivered id.
const (
	Pending = "pending"
	Meta    = "meta"
	Done    = "done"
)

// Key of an id.
func Key(id uint64) []byte { return binary.BigEndian.AppendUint64(nil, id) }

// Payload of an id: any loss or mix-up of bytes shows.
func Payload(id uint64, maxLen int) []byte {
	rng := rand.New(rand.NewPCG(id, 42))
	b := make([]byte, 8+rng.IntN(maxLen))
	for i := 8; i < len(b); i++ {
		b[i] = byte(rng.Uint32())
	}
	binary.BigEndian.PutUint32(b[4:], uint32(len(b)))
	binary.BigEndian.PutUint32(b, crc32.ChecksumIEEE(b[4:])^uint32(id))
	return b
}

// Valid says whether b is a payload of id.
func Valid(id uint64, b []byte) bool {
	return len(b) >= 8 && int(binary.BigEndian.Uint32(b[4:])) == len(b) &&
		crc32.ChecksumIEEE(b[4:])^uint32(id) == binary.BigEndian.Uint32(b)
}
