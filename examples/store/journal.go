package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// journal is the path of the file to which the shop appends what happens, an
// event a line. How many of them were handed over stands beside it.
type journal string

// event is a sale, or a step of one.
type event struct {
	Order *api.NewOrder `json:"order,omitempty"`

	Sale string           `json:"sale,omitempty"` // the order's MarketplaceID
	Step *api.OrderUpdate `json:"step,omitempty"`
}

// handled is how many events were handed over.
func (j journal) handled() (int, error) {
	text, err := os.ReadFile(j.mark())
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(string(text))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", j.mark(), err)
	}
	return n, nil
}

// handle marks so many events as handed over. Should the mark be lost in a
// crash, some events are handed over again: a sale gives the receipt that it
// gave before.
func (j journal) handle(n int) error {
	next := j.mark() + ".new"
	if err := os.WriteFile(next, []byte(strconv.Itoa(n)), 0o600); err != nil {
		return err
	}
	return os.Rename(next, j.mark())
}

func (j journal) mark() string { return string(j) + ".done" }

// after returns the events after the first n. A line that is being written is
// left for the next time.
func (j journal) after(n int) ([]event, error) {
	text, err := os.ReadFile(string(j))
	if err != nil {
		return nil, err
	}
	lines := bytes.Split(text, []byte("\n"))
	lines = lines[:len(lines)-1] // what follows the last line break
	var events []event
	for i := n; i < len(lines); i++ {
		var e event
		if err := json.Unmarshal(lines[i], &e); err != nil {
			return events, fmt.Errorf("%s, line %d: %w", j, i+1, err)
		}
		if (e.Order == nil) == (e.Step == nil) {
			return events, fmt.Errorf("%s, line %d: want an order or a step", j, i+1)
		}
		events = append(events, e)
	}
	return events, nil
}
