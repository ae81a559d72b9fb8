package drill

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/anymarket-go/sdk/internal/admin"
)

// resend sends again what was accepted or delivered since the backup, with the
// command of this name.
func (p *partner) resend(ctx context.Context) (sums admin.Resent, err error) {
	out, err := p.ask(ctx, "resend", "--from", stamp(p.loss.backup), "--to", stamp(p.loss.at))
	if err != nil {
		return sums, err
	}
	for line := range bytes.Lines(out) { // the counts, and then what was done
		if err := json.Unmarshal(line, &sums); err != nil {
			return sums, fmt.Errorf("%w: resend: %w", errCommand, err)
		}
	}
	return sums, nil
}

func stamp(t time.Time) string { return t.Format(time.RFC3339Nano) }

// rechecked is what recheck says of the orders of an account.
type rechecked struct {
	account     string
	from, to    time.Time
	differences []admin.Difference
	sums        admin.Rechecked
	repushed    int
}

// recheck compares ANYMARKET's orders of an account with those that the ERP
// knows, and sends those again that were lost, with the command of this name.
func (p *partner) recheck(ctx context.Context, account string, known map[target]heldOrder, sent []record) (r rechecked, err error) {
	r = rechecked{account: account, from: p.at(-time.Hour), to: time.Now()}
	if err := writeLines(p.file(sentFile), sentOrders(sent)); err != nil {
		return r, err
	}
	args := append([]string{
		"recheck", "--account", account, "--from", stamp(r.from), "--to", stamp(r.to), "--repush", p.file(sentFile),
	}, p.access()...)
	if rows := slices.Collect(knownOrders(account, known)); len(rows) > 0 { // a file without is refused
		if err := writeLines(p.file(knownFile), slices.Values(rows)); err != nil {
			return r, err
		}
		args = append(args, "--known", p.file(knownFile))
	}
	out, err := p.ask(ctx, args...)
	if err != nil {
		return r, err
	}
	for line := range bytes.Lines(out) {
		if err := r.read(line); err != nil {
			return r, fmt.Errorf("%w: recheck: %w", errCommand, err)
		}
	}
	return r, nil
}

// read takes in a line of the command: a difference, the sums, or what became of
// an order that was lost.
func (r *rechecked) read(line []byte) error {
	var is struct {
		Kind  string    `json:"kind"`
		Until time.Time `json:"until"`
		Error string    `json:"error"`
	}
	err := json.Unmarshal(line, &is)
	switch {
	case err != nil:
		return err
	case is.Kind != "":
		var d admin.Difference
		err = json.Unmarshal(line, &d)
		r.differences = append(r.differences, d)
	case !is.Until.IsZero():
		err = json.Unmarshal(line, &r.sums)
	case is.Error == "":
		r.repushed++
	}
	return err
}

func knownOrders(account string, known map[target]heldOrder) iter.Seq[any] {
	return func(yield func(any) bool) {
		for t, o := range known {
			if t.account == account && !yield(admin.KnownOrder{
				Marketplace: o.marketplace, MarketplaceID: o.marketplaceID, CreatedAt: o.takenAt, Status: string(o.status),
			}) {
				return
			}
		}
	}
}

// sentOrders are the operations that made orders.
func sentOrders(sent []record) iter.Seq[any] {
	return func(yield func(any) bool) {
		for _, r := range sent {
			if r.op == opCreate && !r.acked.IsZero() && !yield(json.RawMessage(r.line)) {
				return
			}
		}
	}
}

// discardDead discards the dead letters of a key, with the commands list and
// discard.
func (p *partner) discardDead(ctx context.Context, account, key string) error {
	out, err := p.ask(ctx, "list", "--state", "dead", "--account", account, "--key", key)
	if err != nil {
		return err
	}
	args := []string{"discard", "--reason", "ANYMARKET refused it, and lost what came before it"}
	for line := range bytes.Lines(out) {
		var e admin.Entry
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("%w: list: %w", errCommand, err)
		}
		args = append(args, e.ID.String())
	}
	if len(out) == 0 {
		return nil
	}
	_, err = p.ask(ctx, args...)
	return err
}
