package main

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/outbox"
)

// keysVariable holds the path of the key file, where --keys does not.
const keysVariable = "ANYMARKET_KEYS_FILE"

// maxKeyFile bounds a key file in bytes.
const maxKeyFile = 64 << 10

// keyFile has the keys that bodies are sealed with. It is read when an outbox is
// opened, and not where another process has that.
type keyFile struct{ path string }

func (k *keyFile) bind(c *cobra.Command) {
	c.Flags().StringVar(&k.path, "keys", "", "a `FILE` of mode 0600 with the keys that bodies are sealed with, one a line, the first one seals; else the file named in "+keysVariable)
}

// read returns the keys, none if there is no file. Its errors show nothing of
// what is in it.
func (k *keyFile) read() ([][]byte, error) {
	path := k.path
	if path == "" {
		path = os.Getenv(keysVariable)
	}
	if path == "" {
		return nil, nil
	}
	data, _, err := readPrivate(path, maxKeyFile)
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	keys, err := parseKeys(data)
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return keys, nil
}

// parseKeys reads a key a line. Blank lines and those that begin with # are passed
// over.
func parseKeys(data []byte) (keys [][]byte, err error) {
	lines := map[string]int{}
	n := 0
	for text := range strings.Lines(string(data)) {
		n++
		if text = strings.TrimSpace(text); text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		key, ok := parseKey(text)
		if !ok {
			return nil, fmt.Errorf("line %d is no key: want %d bytes in hexadecimal or base64, as openssl rand -hex %d prints them", n, outbox.KeySize, outbox.KeySize)
		}
		if first, twice := lines[string(key)]; twice {
			return nil, fmt.Errorf("line %d has the key of line %d again", n, first)
		}
		lines[string(key)] = n
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no key in it")
	}
	return keys, nil
}

// parseKey reads a key in hexadecimal or base64, which their lengths tell apart.
func parseKey(text string) (key []byte, ok bool) {
	if len(text) == hex.EncodedLen(outbox.KeySize) {
		key, err := hex.DecodeString(text)
		return key, err == nil
	}
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	key, err := base64.RawStdEncoding.Strict().DecodeString(text)
	return key, err == nil && len(key) == outbox.KeySize
}

// needsKeys adds to the error of a file that other keys are needed for what to do.
func needsKeys(err error) error {
	if errors.Is(err, outbox.ErrKeys) {
		return fmt.Errorf("%w; that is, to the file of --keys or %s", err, keysVariable)
	}
	return err
}
