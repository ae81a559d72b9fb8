package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
)

// tokenVariable holds the token of the default account.
const tokenVariable = "ANYMARKET_TOKEN"

// maxTokenFile bounds a token file in bytes.
const maxTokenFile = 1 << 20

// tokens are those of the environment and of a file, which is read again when
// it changed, so that a rotated token is used. While the file is wrong what it
// said last counts.
type tokens struct {
	path     string // empty: no file
	ofEnv    string
	troubled func(error) // told once when the file goes wrong

	mu   sync.Mutex // guards the fields below
	seen os.FileInfo
	of   map[string]string
	bad  bool
}

// newTokens reads the file, if a path is given.
func newTokens(path, ofEnv string, troubled func(error)) (*tokens, error) {
	t := &tokens{path: path, ofEnv: ofEnv, troubled: troubled}
	if path == "" {
		return t, nil
	}
	var err error
	t.of, t.seen, err = readTokens(path)
	return t, err
}

// none says that there is not a single token.
func (t *tokens) none() bool { return t.ofEnv == "" && len(t.of) == 0 }

// token is the [anymarket.TokenSource].
func (t *tokens) token(_ context.Context, account string) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refreshLocked()
	if token := t.of[account]; token != "" {
		return token, nil
	}
	switch {
	case account == "" && t.ofEnv != "":
		return t.ofEnv, nil
	case account == "":
		return "", errors.New("no token for the default account: set " + tokenVariable)
	case t.path == "":
		return "", fmt.Errorf("no token for account %q: give a file with it by --tokens", account)
	default:
		return "", fmt.Errorf("no token for account %q: add it to %s", account, t.path)
	}
}

func (t *tokens) refreshLocked() {
	if t.path == "" {
		return
	}
	fi, err := os.Stat(t.path)
	if err == nil && !t.bad && os.SameFile(fi, t.seen) && fi.Size() == t.seen.Size() && fi.ModTime().Equal(t.seen.ModTime()) && fi.Mode() == t.seen.Mode() {
		return
	}
	of, seen, err := readTokens(t.path)
	if err != nil {
		if !t.bad {
			t.troubled(err)
		}
		t.bad = true
		return
	}
	t.of, t.seen, t.bad = of, seen, false
}

// readTokens returns the tokens of a file and what the file was then. Its
// errors show nothing of what is in it.
func readTokens(path string) (of map[string]string, fi os.FileInfo, err error) {
	data, fi, err := readPrivate(path, maxTokenFile)
	if err != nil {
		return nil, nil, fmt.Errorf("token file: %w", err)
	}
	if json.Unmarshal(data, &of) != nil {
		return nil, nil, fmt.Errorf(`token file %s: want a JSON object such as {"account":"token"}`, path)
	}
	for account, token := range of {
		if token == "" {
			return nil, nil, fmt.Errorf("token file %s: the token of account %q is empty", path, account)
		}
	}
	return of, fi, nil
}
