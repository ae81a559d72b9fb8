package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/anymarket-go/sdk/internal/admin"
)

const (
	maxLine       = admin.MaxLine // bytes
	maxGroup      = 256           // lines that are handed over at once
	maxGroupBytes = 4 << 20
)

// line is a line of the input that is not blank.
type line struct {
	n    int // from 1; blank lines count
	text []byte
	bad  error // why there is no text
}

// readLines hands on the lines of r until its end, or until ctx ends. It cannot
// be woken from a read that blocks.
func readLines(ctx context.Context, r io.Reader, out chan<- line) error {
	in := bufio.NewReaderSize(r, 64<<10)
	for n := 1; ; n++ {
		text, err := readLine(in)
		l := line{n: n, text: text}
		if errors.Is(err, errLineTooLong) {
			l.bad, err = err, nil
		}
		if l.bad != nil || len(text) > 0 {
			select {
			case out <- l:
			case <-ctx.Done():
				return nil
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read input after line %d: %w", n, err)
		}
	}
}

var errLineTooLong = fmt.Errorf("the line is longer than %d bytes", maxLine)

// readLine returns the next line without white space around it. Of one that is
// too long it keeps nothing.
func readLine(in *bufio.Reader) (text []byte, err error) {
	long := false
	for {
		part, err := in.ReadSlice('\n')
		if len(text)+len(part) > maxLine+len("\r\n") {
			long, text = true, nil
		}
		if !long {
			text = append(text, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		text = bytes.Trim(text, " \t\r\n")
		if long || len(text) > maxLine {
			return nil, errLineTooLong // its end, if it is that of the input, comes again
		}
		return text, err
	}
}

// nextGroup waits for a line and returns it with those that have come since.
// There is none at the end of the input, or when ctx ends.
func nextGroup(ctx context.Context, lines <-chan line) (group []line) {
	size := 0
	add := func(l line) {
		group = append(group, l)
		size += len(l.text)
	}
	select {
	case l, ok := <-lines:
		if !ok {
			return nil
		}
		add(l)
	case <-ctx.Done():
		return nil
	}
	for len(group) < maxGroup && size < maxGroupBytes {
		select {
		case l, ok := <-lines:
			if !ok {
				return group
			}
			add(l)
		default:
			return group
		}
	}
	return group
}
