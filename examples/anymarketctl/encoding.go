package main

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Encodings of a file.
const (
	encodingUTF8    = "utf-8"
	encodingLatin1  = "latin1"
	encodingWindows = "windows-1252"
)

// utf8Mark may stand at the beginning of a file in UTF-8.
const utf8Mark = "\xef\xbb\xbf"

// windows1252 is what the bytes from 0x80 to 0x9f mean there; U+FFFD is nothing.
const windows1252 = "€\ufffd‚ƒ„…†‡ˆ‰Š‹Œ\ufffdŽ\ufffd\ufffd‘’“”•–—˜™š›œ\ufffdžŸ"

// decoder returns what makes text of the lines of a file in that encoding.
func decoder(encoding string) func(line []byte) (string, error) {
	switch encoding {
	case encodingLatin1:
		return func(line []byte) (string, error) {
			return eachByte(line, func(b byte) (rune, error) {
				if b < 0xa0 {
					return 0, errors.New("has a byte that stands for no character in Latin-1: it may be --encoding " + encodingWindows)
				}
				return rune(b), nil
			})
		}
	case encodingWindows:
		upper := []rune(windows1252)
		return func(line []byte) (string, error) {
			return eachByte(line, func(b byte) (rune, error) {
				if b >= 0xa0 {
					return rune(b), nil
				}
				if r := upper[b-0x80]; r != utf8.RuneError {
					return r, nil
				}
				return 0, fmt.Errorf("has the byte 0x%02x, which stands for no character in %s", b, encodingWindows)
			})
		}
	default:
		return func(line []byte) (string, error) {
			if !utf8.Valid(line) {
				return "", fmt.Errorf("is not in UTF-8: say in which encoding the file is, by --encoding %s or %s", encodingLatin1, encodingWindows)
			}
			return string(line), nil
		}
	}
}

// eachByte decodes a line whose bytes are a character each; those below 0x80
// are the same everywhere.
func eachByte(line []byte, upper func(byte) (rune, error)) (string, error) {
	var b strings.Builder
	b.Grow(len(line))
	for _, c := range line {
		r := rune(c)
		if c >= utf8.RuneSelf {
			var err error
			if r, err = upper(c); err != nil {
				return "", err
			}
		}
		b.WriteRune(r)
	}
	return b.String(), nil
}
