package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/internal/admin"
)

// live makes changes while a load runs, and knows which of them count.
type live struct {
	rows    int
	outbox  string
	random  *rand.Rand
	changes int              // that were acknowledged
	of      map[int][]string // by row: the last that was acknowledged, and those behind it that may be stored
	known   map[int]struct{} // rows with one that was acknowledged
}

func newLive(s settings) *live {
	return &live{
		rows: s.rows, outbox: s.outbox, random: rand.New(rand.NewPCG(1, 2)), //nolint:gosec // chance, no secret
		of: map[int][]string{}, known: map[int]struct{}{},
	}
}

// change makes changes until ctx ends.
func (l *live) change(ctx context.Context) error {
	const pause = 5 * time.Millisecond
	var c *admin.Client
	leave := func() {
		if c != nil {
			_ = c.Close() // it may be dead
			c = nil
		}
	}
	defer leave()
	for n := 0; ctx.Err() == nil; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		if c == nil {
			var err error
			if c, err = admin.Dial(ctx, l.outbox); err != nil {
				c = nil
				continue // there is no loader now
			}
		}
		row, value := l.random.IntN(l.rows), strconv.Itoa(1_000_000+n)
		line := fmt.Appendf(nil, `{"op":"stock.set","partnerId":%q,"quantity":%q}`, sku(row), value)
		done, err := c.Accept(context.WithoutCancel(ctx), [][]byte{line})
		switch {
		case err == nil && done[0].Error == "":
			l.changes++
			l.of[row] = []string{value}
			l.known[row] = struct{}{}
		case err == nil && done[0].Code != admin.CodeClosed && done[0].Code != admin.CodeUnknown:
			return fmt.Errorf("a live change was refused: %s", done[0].Error)
		default:
			l.of[row] = append(l.of[row], value)
			leave()
		}
	}
	return nil
}

// compare holds what the fake has against what it has to have. Its errors are the
// first ten that are wrong.
func (l *live) compare(stocks []anymarkettest.Stock) (wrong []error) {
	have := make(map[string]string, len(stocks))
	for _, s := range stocks {
		have[s.PartnerID] = s.Quantity
	}
	bad, untouched := 0, 0
	for i := range l.rows {
		can := l.of[i]
		if _, changed := l.known[i]; !changed {
			can = append([]string{strconv.Itoa(quantityOf(i))}, can...)
			untouched++
		}
		got, ok := have[sku(i)]
		right := false
		for _, value := range can {
			right = right || ok && got == value
		}
		if right {
			continue
		}
		if bad++; bad <= 10 {
			wrong = append(wrong, fmt.Errorf("%s: there is %q, it has to be %q", sku(i), got, can))
		}
	}
	report("%d SKUs: %d by their rows, %d by live changes, %d wrong", l.rows, untouched, l.rows-untouched, bad)
	if bad > 10 {
		wrong = append(wrong, fmt.Errorf("and %d more", bad-10))
	}
	return wrong
}
