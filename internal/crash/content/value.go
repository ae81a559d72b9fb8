// Package content holds what the outbox's writer and its checker share: bodies
// that show any loss or mix-up of bytes, the words of the promises, and the
// kinds of entries.
package content

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
)

// Rule says how the other side answers an entry.
type Rule int

// The rules.
const (
	Deliver      Rule = iota // takes effect
	Reject                   // refused until it is requeued
	FailOnce                 // fails the first time
	LoseAnswer               // takes effect, and the answer is lost the first time
	LoseRequest              // is lost the first time, without effect
	Unreachable              // not a byte arrives the first time
	Ambiguous                // like LoseAnswer, and the look-up finds several
	Contradicted             // like LoseRequest, and the look-up rules it out
)

// Value is what a body says. N is unique, so that two bodies are never equal.
// Carry is a field that a value may leave out (zero) and then takes over from
// what it covers.
type Value struct {
	N, Carry uint64
	Rule     Rule
	Size     int
}

func (v Value) String() string { return fmt.Sprintf("%d.%d.%d.%d", v.N, v.Carry, v.Rule, v.Size) }

// ParseValue reads what String wrote.
func ParseValue(s string) (v Value, err error) {
	_, err = fmt.Sscanf(s, "%d.%d.%d.%d", &v.N, &v.Carry, &v.Rule, &v.Size)
	if err == nil && v.String() != s {
		err = fmt.Errorf("%q is not a value", s)
	}
	return v, err
}

// Body is the value, a checksum and Size bytes that depend on N.
func (v Value) Body() []byte {
	pad := make([]byte, v.Size)
	rng := rand.New(rand.NewPCG(v.N, 42))
	for i := range pad {
		pad[i] = byte(rng.Uint32())
	}
	return append(fmt.Appendf(nil, "%s %08x|", v, crc32.ChecksumIEEE([]byte(v.String()))), pad...)
}

// ParseBody returns the value whose body this is.
func ParseBody(b []byte) (Value, error) {
	head, _, ok := bytes.Cut(b, []byte("|"))
	text, _, _ := bytes.Cut(head, []byte(" "))
	if !ok {
		return Value{}, fmt.Errorf("%d bytes are no body", len(b))
	}
	v, err := ParseValue(string(text))
	switch {
	case err != nil:
		return v, fmt.Errorf("body: %w", err)
	case v.Size != len(b)-len(head)-1 || !bytes.Equal(b, v.Body()):
		return v, fmt.Errorf("the body of %s has wrong bytes", v)
	}
	return v, nil
}

// Merge carries the field over that newer leaves out.
func Merge(older, newer []byte) ([]byte, error) {
	o, err := ParseBody(older)
	if err != nil {
		return nil, err
	}
	n, err := ParseBody(newer)
	if err != nil {
		return nil, err
	}
	if n.Carry == 0 {
		n.Carry = o.Carry
	}
	return n.Body(), nil
}
