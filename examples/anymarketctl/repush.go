package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/internal/admin"
)

// lostOrders are those that ANYMARKET acknowledged and does not have, and a file
// of operations in which they may be.
type lostOrders struct {
	path string // empty: none
	keys map[anymarket.OrderKey]bool
}

func (l *lostOrders) check() error {
	if l.path == "" {
		return nil
	}
	f, err := os.Open(l.path)
	if err != nil {
		return err
	}
	return f.Close()
}

// note takes in a difference.
func (l *lostOrders) note(d admin.Difference) {
	if d.Action != string(anymarket.ActionRepush) || l.path == "" {
		return
	}
	if l.keys == nil {
		l.keys = map[anymarket.OrderKey]bool{}
	}
	l.keys[anymarket.OrderKey{Marketplace: d.Marketplace, MarketplaceID: d.MarketplaceID}] = true
}

// orderOperation is what is looked at of an operation.
type orderOperation struct {
	Op      string          `json:"op"`
	Account string          `json:"account"`
	Order   json.RawMessage `json:"order"`
}

func (o orderOperation) key() (k anymarket.OrderKey, err error) {
	var named struct {
		Marketplace   string `json:"marketPlace"`
		MarketplaceID string `json:"marketPlaceId"`
	}
	err = json.Unmarshal(o.Order, &named)
	return anymarket.OrderKey{Marketplace: strings.ToUpper(named.Marketplace), MarketplaceID: named.MarketplaceID}, err
}

// repush sends those of the lost orders again that are in the file, and returns
// how many these are.
func (l *lostOrders) repush(c *cobra.Command, o *admin.Client, account string) (sent int, err error) {
	if len(l.keys) == 0 {
		return 0, nil
	}
	f, err := os.Open(l.path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }() // it was only read
	ctx, stop := context.WithCancel(c.Context())
	lines, read := make(chan line), make(chan error, 1)
	go func() {
		read <- readLines(ctx, f, lines)
		close(lines)
	}()
	for text := range lines {
		var op orderOperation
		if err != nil || text.bad != nil || json.Unmarshal(text.text, &op) != nil || op.Op != "order.create" || op.Account != account {
			continue // until the lines end
		}
		key, keyErr := op.key()
		if keyErr != nil || !l.keys[key] {
			continue
		}
		delete(l.keys, key)
		var a admin.Accepted
		if a, err = o.Repush(ctx, admin.Repush{Account: account, Order: op.Order}); err == nil {
			if a.Error == "" {
				sent++
			}
			err = printRepushed(c, key, a)
		}
		if err != nil {
			stop()
		}
	}
	stop()
	err = errors.Join(err, <-read)
	for key := range l.keys {
		err = errors.Join(err, printRepushed(c, key, admin.Accepted{Error: "it is not in the file"}))
	}
	return sent, err
}

// repushedJSON is what became of a lost order, as a line of JSON.
type repushedJSON struct {
	Marketplace   string `json:"marketplace"`
	MarketplaceID string `json:"marketPlaceId"`
	admin.Accepted
}

func printRepushed(c *cobra.Command, key anymarket.OrderKey, a admin.Accepted) error {
	if asJSON(c) {
		return printJSON(c.OutOrStdout(), repushedJSON{key.Marketplace, key.MarketplaceID, a})
	}
	what := "is looked up and sent again: " + a.ID.String()
	if a.Error != "" {
		what = "is not sent again: " + printable(a.Error)
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "%s %s\n", printable(key.String()), what)
	return err
}
