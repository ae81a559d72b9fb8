package anymarket

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/operation"
	"github.com/anymarket-go/sdk/anymarket/internal/verdict"
	"github.com/anymarket-go/sdk/outbox"
)

func (c *core) createKind() outbox.Kind {
	return outbox.Kind{
		Name: kindCreate, Family: familyOrder, Class: outbox.Once, Group: groupOrders,
		Deliver: c.createOrder, Resolve: c.resolveCreation, Fields: creationFields, Check: operation.Edited(editedOrder),
	}
}

func (c *core) stepKind(name, family string) outbox.Kind {
	return outbox.Kind{
		Name: name, Family: family, Class: outbox.Step, Group: groupOrders,
		Deliver: c.moveOrder, Resolve: c.resolveStep, Check: operation.Edited(editedStep(name)),
	}
}

// creationFields are the members of the order, so that a conflict can name
// those that differ.
func creationFields(body []byte) (map[string][]byte, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, err
	}
	fields := make(map[string][]byte, len(members))
	for name, value := range members {
		fields[name] = value
	}
	return fields, nil
}

// createOrder sends a creation. What was answered with anything but success or
// certain failure is looked up by the outbox, by way of resolveCreation.
func (c *core) createOrder(ctx context.Context, batch []outbox.Lease) outbox.Answer {
	l := batch[0]
	var order api.NewOrder
	if err := json.Unmarshal(l.Body, &order); err != nil {
		return verdict.Unreadable(err)
	}
	created, err := c.Of(l.Account).Orders().Create(ctx, order)
	a := verdict.OfCreation(err, order.MarketplaceID)
	if err == nil {
		a.Data = []byte(created.ID.String())
	}
	return a
}

// resolveCreation asks whether the order is there.
func (c *core) resolveCreation(ctx context.Context, l outbox.Lease) outbox.Resolution {
	var order api.NewOrder
	if err := json.Unmarshal(l.Body, &order); err != nil {
		return outbox.Resolution{Result: outbox.Result{Verdict: outbox.Delivered, Reason: verdict.Unreadable(err).Reason}, Finding: outbox.Contradicted}
	}
	return lookedUp(c.findOrders(ctx, l.Account, OrderKey{Marketplace: order.Marketplace, MarketplaceID: order.MarketplaceID}, order.CreatedAt.Time))
}

const (
	// maxScan is how many orders are looked through where the look-up by the key
	// brings any others: as many as a busy shop has in some days.
	maxScan = 10_000
	// scanPause comes after so many that were scanned: five pages a second.
	scanPause, scanned = 200 * time.Millisecond, 100
)

// pauseFor waits, or returns the context's error.
func pauseFor(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// findOrders looks orders up by their key or the caller's code. Where the filter
// for it is ignored, those made since a day before createdAt are looked through
// instead.
func (c *core) findOrders(ctx context.Context, account string, key OrderKey, createdAt time.Time) (found []api.Order, err error) {
	orders := c.Of(account).Orders()
	if key.PartnerID != "" {
		found, err = orders.LookUpByPartnerID(ctx, key.PartnerID)
	} else {
		found, err = orders.LookUp(ctx, key.Marketplace, key.MarketplaceID)
	}
	if !errors.Is(err, api.ErrFilterIgnored) {
		return found, err
	}
	filter := api.OrderFilter{Marketplace: key.Marketplace}
	if !createdAt.IsZero() {
		filter.CreatedAfter = createdAt.Add(-24 * time.Hour)
	}
	seen, n := map[ID]bool{}, 0
	// Not through the gate: the look-up that this is part of has its permit, and
	// may be the call that tests whether the gate can open.
	for o, err := range orders.List(ctx, filter, api.Paging{}) {
		if err != nil {
			return nil, err
		}
		if n++; n > maxScan {
			return nil, api.ErrTooManyPages
		}
		if n%scanned == 0 {
			if err := pauseFor(ctx, scanPause); err != nil {
				return nil, err
			}
		}
		if key.names(o) && !seen[o.ID] {
			seen[o.ID] = true // rows that move may come twice
			found = append(found, o)
		}
	}
	return found, nil
}

// lookedUp says what a look-up by the key of an order found.
func lookedUp(found []api.Order, err error) outbox.Resolution {
	a := verdict.OfLookUp(err)
	r := outbox.Resolution{Result: a.Result, RetryAfter: a.RetryAfter}
	switch {
	case r.Verdict != outbox.Delivered || len(found) == 0:
		r.Finding = outbox.NotFound
	case len(found) == 1:
		r.Finding, r.Data = outbox.Found, []byte(found[0].ID.String())
	default:
		r.Finding = outbox.Ambiguous
		for _, o := range found {
			r.Matches = append(r.Matches, o.ID.String())
		}
	}
	return r
}

// orderID is the id of a step's order: the step's own, the one that its
// creation yielded, or what is found by its name.
func (c *core) orderID(ctx context.Context, l outbox.Lease, o stepOrder) (ID, outbox.Resolution) {
	known := outbox.Resolution{Result: outbox.Result{Verdict: outbox.Delivered}, Finding: outbox.Found}
	if o.ID != 0 {
		return o.ID, known
	}
	var id ID
	if l.Creation != nil && json.Unmarshal(l.Creation.Data, &id) == nil && id != 0 {
		return id, known
	}
	r := lookedUp(c.findOrders(ctx, l.Account, o.key(), time.Time{}))
	if r.Verdict == outbox.Delivered && r.Finding == outbox.Found {
		_ = id.UnmarshalJSON(r.Data) // never fails
	}
	return id, r
}

// withoutOrder is the answer for a step whose order was not found.
func withoutOrder(found outbox.Resolution) outbox.Answer {
	a := outbox.Answer{Result: found.Result, RetryAfter: found.RetryAfter}
	switch {
	case found.Verdict == outbox.Unknown:
		a.Verdict = outbox.Unavailable // the step itself was not sent
	case found.Verdict != outbox.Delivered:
	case found.Finding == outbox.Ambiguous:
		a.Result = outbox.Result{Verdict: outbox.Failed, Reason: fmt.Sprintf("several orders have the key: %v", found.Matches)}
	default:
		a.Result = outbox.Result{Verdict: outbox.Failed, Reason: "there is no such order yet"}
	}
	return a
}

// moveOrder sends a step.
func (c *core) moveOrder(ctx context.Context, batch []outbox.Lease) outbox.Answer {
	l := batch[0]
	var b stepBody
	if err := json.Unmarshal(l.Body, &b); err != nil {
		return verdict.Unreadable(err)
	}
	id, found := c.orderID(ctx, l, b.stepOrder)
	if id == 0 {
		return withoutOrder(found)
	}
	_, err := c.Of(l.Account).Orders().Update(ctx, id, b.Update)
	return verdict.OfStep(err, l.Creation, time.Now(), c.Config.LookupLag)
}

// resolveStep asks whether the order shows what the step would have written.
func (c *core) resolveStep(ctx context.Context, l outbox.Lease) outbox.Resolution {
	var b stepBody
	if err := json.Unmarshal(l.Body, &b); err != nil {
		return outbox.Resolution{Result: outbox.Result{Verdict: outbox.Delivered, Reason: verdict.Unreadable(err).Reason}, Finding: outbox.Contradicted}
	}
	id, r := c.orderID(ctx, l, b.stepOrder)
	if r.Verdict != outbox.Delivered || r.Finding != outbox.Found {
		return r
	}
	order, err := c.Of(l.Account).Orders().Get(ctx, id)
	if api.Classify(err).Status == 404 && verdict.OfRead(err).Verdict == outbox.Rejected {
		return outbox.Resolution{Result: outbox.Result{Verdict: outbox.Delivered, Reason: "there is no order " + id.String()}, Finding: outbox.NotFound}
	}
	a := verdict.OfLookUp(err)
	r = outbox.Resolution{Result: a.Result, RetryAfter: a.RetryAfter}
	if err != nil {
		return r
	}
	r.Finding, r.Reason = stepShows(order, b.Update)
	return r
}

// stepShows says whether an order shows a step's own data. The status alone
// proves a step that has no data.
func stepShows(o api.Order, u api.OrderUpdate) (f outbox.Finding, reason string) {
	if o.Status == api.StatusCancelled && u.Status != api.StatusCancelled {
		return outbox.Contradicted, "the order was cancelled there"
	}
	shown := false
	switch u.Status {
	case api.StatusPaid:
		shown = rank(o.Status) >= rank(api.StatusPaid)
	case api.StatusInvoiced:
		shown = o.Invoice != nil && u.Invoice != nil && sameInvoice(*o.Invoice, *u.Invoice)
	case api.StatusShipped:
		shown = rank(o.Status) >= rank(api.StatusShipped) && o.Tracking != nil && u.Tracking != nil && sameTracking(*o.Tracking, *u.Tracking)
	case api.StatusDelivered:
		shown = o.Status == api.StatusDelivered && o.Tracking != nil && u.Tracking != nil &&
			o.Tracking.DeliveredDate.Equal(u.Tracking.DeliveredDate.Time)
	case api.StatusCancelled:
		shown = o.Status == api.StatusCancelled
	default:
	}
	if shown {
		return outbox.Found, ""
	}
	return outbox.NotFound, "the order does not show it"
}

// rank is how far an order is; 0 for what is not known.
func rank(s api.OrderStatus) int {
	for i, known := range []api.OrderStatus{api.StatusPending, api.StatusPaid, api.StatusInvoiced, api.StatusShipped, api.StatusDelivered} {
		if s == known {
			return i + 1
		}
	}
	return 0
}

func sameInvoice(there, here api.Invoice) bool {
	if here.AccessKey != "" {
		return there.AccessKey == here.AccessKey
	}
	return there.Number == here.Number && there.Series == here.Series && there.LinkNFe == here.LinkNFe && there.InvoiceLink == here.InvoiceLink
}

func sameTracking(there, here api.Tracking) bool {
	if here.Number != "" {
		return there.Number == here.Number
	}
	return there.Carrier == here.Carrier && there.URL == here.URL && there.ShippedDate.Equal(here.ShippedDate.Time)
}
