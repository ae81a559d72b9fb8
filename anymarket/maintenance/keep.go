package maintenance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// keptBoard is a board in a file.
type keptBoard struct {
	Page string `json:"page"`
	board
}

// load reads a board that was saved for the page. A file that is missing, or of
// another page, is an empty board.
func (b *board) load(path, page string) (data []byte, err error) {
	fi, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if fi.Size() > maxPage {
		return nil, fmt.Errorf("%s: %d bytes, the most is %d: it is not a file of ours", path, fi.Size(), maxPage)
	}
	if data, err = os.ReadFile(path); err != nil {
		return nil, err
	}
	var k keptBoard
	if err := json.Unmarshal(data, &k); err != nil {
		return nil, fmt.Errorf("%s: not what was kept of a status page: %w; remove it if it is of no other use", path, err)
	}
	if k.Page != page {
		return nil, nil
	}
	// Stored windows are input: one that cannot be right must hold nothing.
	k.Notices = slices.DeleteFunc(k.Notices, func(n notice) bool { return n.Plan.Check() != nil || n.Hold.Check() != nil })
	k.Spent = slices.DeleteFunc(k.Spent, func(w Window) bool { return w.Check() != nil })
	*b = k.board
	return data, nil
}

// save writes the board, unless the file has it already, and returns what the
// file has.
func (b *board) save(path, page string, has []byte) ([]byte, error) {
	data, err := json.Marshal(keptBoard{Page: page, board: *b})
	if err != nil || bytes.Equal(data, has) {
		return has, err
	}
	if err := replace(path, data); err != nil {
		return has, fmt.Errorf("keep what the status page said: %w", err)
	}
	return data, nil
}
