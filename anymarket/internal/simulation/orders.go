package simulation

import (
	"fmt"
	"slices"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

// Orders are the orders or sales that a program made, and how it moved them. The zero
// Orders are none.
type Orders struct {
	made  map[string][]string // by account
	moved map[string][]string // by account and id: the statuses of the order after each step
}

// Made returns the ids of an account's orders.
func (o *Orders) Made(account string) []string { return o.made[account] }

// Make notes an order.
func (o *Orders) Make(account, id string) {
	if o.made == nil {
		o.made, o.moved = map[string][]string{}, map[string][]string{}
	}
	o.made[account] = append(o.made[account], id)
}

// Moved returns the statuses of an order's steps.
func (o *Orders) Moved(account, id string) []string { return o.moved[account+" "+id] }

// Move notes a step of an order and the status after it.
func (o *Orders) Move(account, id, status string) {
	o.moved[account+" "+id] = append(o.moved[account+" "+id], status)
}

// number is how many orders and steps there are.
func (o *Orders) number() (orders, steps int) {
	for _, made := range o.made {
		orders += len(made)
	}
	for _, moved := range o.moved {
		steps += len(moved)
	}
	return orders, steps
}

// Wrong compares the orders of an account with those that are there: each is
// there once, or not yet, its steps were applied in their order, as far as they
// came; a step that came late may have been repeated, which changes nothing. If
// all is settled everything must be there.
func (o *Orders) Wrong(account *anymarkettest.Account, settled bool) (wrong []string) {
	there := map[string]int{}
	for _, x := range account.Orders() {
		there[x.MarketPlaceID]++
		var got []string
		for _, step := range x.Steps {
			got = append(got, step.Status)
		}
		got = slices.Compact(got)
		want := slices.Compact(slices.Clone(o.Moved(account.Name(), x.MarketPlaceID)))
		if settled && !slices.Equal(got, want) || len(got) > len(want) || !slices.Equal(got, want[:len(got)]) {
			wrong = append(wrong, fmt.Sprintf("order %s of %s went %v, want %v", x.MarketPlaceID, account.Name(), got, want))
		}
	}
	for _, id := range o.made[account.Name()] {
		if n := there[id]; n > 1 || settled && n == 0 {
			wrong = append(wrong, fmt.Sprintf("order %s of %s is there %d times", id, account.Name(), n))
		}
	}
	return wrong
}
