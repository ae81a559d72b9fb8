package marketplace

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/anymarket-go/sdk/anymarket/internal/verdict"
	"github.com/anymarket-go/sdk/outbox"
)

// notify sends a sale. What was answered with anything but success or certain
// failure is looked up by the outbox, by way of resolveNotify.
func (c *core) notify(ctx context.Context, batch []outbox.Lease) outbox.Answer {
	l := batch[0]
	var named struct {
		MarketplaceID string `json:"marketPlaceId"`
	}
	if err := json.Unmarshal(l.Body, &named); err != nil {
		return verdict.Unreadable(err)
	}
	if named.MarketplaceID != l.Key { // an operator can edit the body
		return outbox.Answer{Result: outbox.Result{Verdict: outbox.Rejected, Reason: "the stored body is of another sale"}}
	}
	created, err := createSale(ctx, c.Of(l.Account), l.Key, l.Body)
	a := verdict.OfCreation(err, l.Key)
	if err == nil {
		a.Data = []byte(created.ID.String())
	}
	return a
}

// resolveNotify asks whether the sale is there.
func (c *core) resolveNotify(ctx context.Context, l outbox.Lease) outbox.Resolution {
	found, r := c.find(ctx, l)
	switch {
	case r.Verdict != outbox.Delivered || len(found) == 0:
	case len(found) == 1:
		r.Finding, r.Data = outbox.Found, []byte(found[0].ID.String())
	default:
		r.Finding, r.Matches = outbox.Ambiguous, idsOf(found)
	}
	return r
}

// find looks up the sale of a lease.
func (c *core) find(ctx context.Context, l outbox.Lease) ([]Sale, outbox.Resolution) {
	found, err := lookUpSale(ctx, c.Of(l.Account), l.Key)
	a := verdict.OfLookUp(err)
	return found, outbox.Resolution{Result: a.Result, RetryAfter: a.RetryAfter}
}

func idsOf(sales []Sale) (ids []string) {
	for _, s := range sales {
		ids = append(ids, s.ID.String())
	}
	return ids
}

// deliverMark sends a mark.
func (c *core) deliverMark(ctx context.Context, batch []outbox.Lease) outbox.Answer {
	l := batch[0]
	var b markBody
	if err := json.Unmarshal(l.Body, &b); err != nil {
		return verdict.Unreadable(err)
	}
	err := sendMark(ctx, c.Of(l.Account), b.MarketplaceID, b.Mark, b.Body)
	return verdict.OfStep(err, l.Creation, time.Now(), c.Config.LookupLag)
}

// resolveMark asks whether the sale shows what the mark says.
func (c *core) resolveMark(ctx context.Context, l outbox.Lease) outbox.Resolution {
	what, err := saidIn(l.Body)
	if err != nil {
		return outbox.Resolution{Result: outbox.Result{Verdict: outbox.Delivered, Reason: verdict.Unreadable(err).Reason}, Finding: outbox.Contradicted}
	}
	found, r := c.find(ctx, l)
	switch {
	case r.Verdict != outbox.Delivered:
	case len(found) == 0:
		r.Reason = "there is no such sale"
	case len(found) > 1:
		r.Finding, r.Matches = outbox.Ambiguous, idsOf(found)
	case what.shownBy(found[0]):
		r.Finding = outbox.Found
	case found[0].Status == StatusCanceled && moves(what):
		r.Finding, r.Reason = outbox.Contradicted, "the sale was cancelled there"
	default:
		r.Reason = "the sale does not show it"
	}
	return r
}

// moves says whether a mark moves a sale to a status.
func moves(what said) bool {
	_, transmission := what.(*Transmission)
	return !transmission
}

// saidIn decodes what a stored mark says.
func saidIn(body []byte) (said, error) {
	var b markBody
	if err := json.Unmarshal(body, &b); err != nil {
		return nil, err
	}
	return b.said()
}

// said decodes it.
func (b markBody) said() (said, error) {
	what := b.Mark.empty()
	if what == nil {
		return nil, errors.New("there is no mark " + verdict.Short(string(b.Mark)))
	}
	return what, json.Unmarshal(b.Body, what)
}
