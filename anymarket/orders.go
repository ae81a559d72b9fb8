package anymarket

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"strings"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/verdict"
	"github.com/anymarket-go/sdk/outbox"
)

// Kinds and families of orders are stored and never change.
const (
	kindCreate           = "order.create"
	familyOrder          = "order"
	familyOrderID        = "order.id"
	familyOrderPartnerID = "order.partner"

	steps stepKinds = "order.status" // changes of status
)

// OrderService creates, moves and reads orders, see Client.Orders.
type OrderService struct{ c *Client }

// Create stores a new order, durably, and returns. It is created once: the
// order's Marketplace and MarketplaceID are its key, and whenever the outcome
// of an attempt is not known the order is looked up by it before anything else
// is sent. The same order again gives the same receipt, marked Duplicate; the
// same key with other content is an [*outbox.ConflictError] that names the
// fields. ctx governs the storing only.
//
// An order that cannot be right is an [*api.FieldError]; other errors are those
// of [outbox.Outbox.Accept].
func (s OrderService) Create(ctx context.Context, order api.NewOrder) (Receipt, error) {
	e, warnings, err := creationEntry(order)
	if err != nil {
		return Receipt{}, err
	}
	return s.c.accept(ctx, e, warnings)
}

// Repush stores an order once more although ANYMARKET acknowledged it, durably,
// and returns: for one that it lost, or when it asks for all sales again. The
// order is looked up first, and sent only if it cannot be there, see
// [outbox.Outbox.Repush]. It has to be what it was, since it is not kept.
// Errors are those of [OrderService.Create].
func (s OrderService) Repush(ctx context.Context, order api.NewOrder) (Receipt, error) {
	e, warnings, err := creationEntry(order)
	if err != nil {
		return Receipt{}, err
	}
	return s.c.acceptBy(ctx, s.c.core.Outbox.Repush, e, warnings)
}

// creationEntry checks an order and makes an entry of it.
func creationEntry(order api.NewOrder) (e outbox.Entry, warnings []string, err error) {
	order.Marketplace = strings.ToUpper(order.Marketplace)
	if err := order.Validate(); err != nil {
		return e, nil, err
	}
	key := OrderKey{Marketplace: order.Marketplace, MarketplaceID: order.MarketplaceID}
	if err := errors.Join(key.validate(), checkWords(order)); err != nil {
		return e, nil, err
	}
	body, err := json.Marshal(order)
	if err != nil {
		return e, nil, &api.FieldError{Field: "order", Reason: "cannot be written as JSON: " + verdict.Short(err.Error())}
	}
	return outbox.Entry{
		Kind: kindCreate, Key: key.String(), Once: key.String(), Body: body, MadeAt: order.CreatedAt.Time,
	}, creationWarnings(order), nil
}

// checkWords refuses words that are none of an order, as those of the API for
// marketplaces.
func checkWords(o api.NewOrder) error {
	switch o.Status {
	case "", api.StatusPending, api.StatusPaid, api.StatusInvoiced, api.StatusShipped, api.StatusDelivered, api.StatusCancelled, api.StatusDeliveryIssue:
	default:
		return &api.FieldError{Field: "status", Reason: "is none of an order: " + verdict.Short(string(o.Status))}
	}
	switch o.TransmissionStatus {
	case "", api.TransmissionOK, api.TransmissionError, api.TransmissionWaiting:
	default:
		return &api.FieldError{Field: "transmissionStatus", Reason: "is none of OK, ERROR, WAITING: " + verdict.Short(string(o.TransmissionStatus))}
	}
	return nil
}

// stepBody is what is stored of a step.
type stepBody struct {
	stepOrder

	Update api.OrderUpdate `json:"update"`
}

// SetStatus stores a step of an order, durably, and returns. The steps of an
// order keep their order, and wait for its creation if that was stored before,
// see [OrderKey]. ctx governs the storing only.
//
// A step that cannot be right is an [*api.FieldError]; other errors are those
// of [outbox.Outbox.Accept].
func (s OrderService) SetStatus(ctx context.Context, key OrderKey, update api.OrderUpdate) (Receipt, error) {
	order, err := orderOf(key)
	if err != nil {
		return Receipt{}, err
	}
	e, warnings, err := stepEntry(stepBody{order, update})
	if err != nil {
		return Receipt{}, err
	}
	return s.c.accept(ctx, e, warnings)
}

// stepEntry checks a step and makes an entry of it.
func stepEntry(b stepBody) (e outbox.Entry, warnings []string, err error) {
	key := b.key()
	if err := key.validate(); err != nil {
		return e, nil, err
	}
	if err := b.Update.Validate(); err != nil {
		return e, nil, err
	}
	e = steps.entry(key)
	if e.Body, err = json.Marshal(b); err != nil {
		return e, nil, &api.FieldError{Field: "update", Reason: "cannot be written as JSON: " + verdict.Short(err.Error())}
	}
	return e, stepWarnings(b.Update), nil
}

// Get fetches an order.
func (s OrderService) Get(ctx context.Context, id ID) (api.Order, error) {
	return get(ctx, s.c, func(ctx context.Context, a *api.Client) (api.Order, error) { return a.Orders().Get(ctx, id) })
}

// LookUp returns the orders with a key of a marketplace, see
// [api.Orders.LookUp].
func (s OrderService) LookUp(ctx context.Context, marketplace, marketplaceID string) ([]api.Order, error) {
	return get(ctx, s.c, func(ctx context.Context, a *api.Client) ([]api.Order, error) {
		return a.Orders().LookUp(ctx, marketplace, marketplaceID)
	})
}

// List lists orders, page by page, each through the gate.
func (s OrderService) List(ctx context.Context, filter api.OrderFilter, paging api.Paging) iter.Seq2[api.Order, error] {
	key := func(o api.Order) string { return o.ID.String() }
	return list(ctx, s.c, paging, key, func(ctx context.Context, a *api.Client, p api.Paging) (api.Page[api.Order], error) {
		return a.Orders().Page(ctx, filter, p)
	})
}

// creationWarnings names what the document requires and the host may insist on.
func creationWarnings(o api.NewOrder) (warnings []string) {
	warn := func(bad bool, text string) {
		if bad {
			warnings = append(warnings, text)
		}
	}
	warn(o.MarketplaceNumber == "", "marketPlaceNumber is missing")
	warn(o.CreatedAt.IsZero(), "createdAt is missing")
	warn(o.Status == "", "status is missing")
	warn(o.TransmissionStatus == "", "transmissionStatus is missing")
	warn(o.MarketplaceStatus == "", "marketPlaceStatus is missing")
	warn(!o.Total.IsSet(), "total is missing")
	warn(o.Buyer == (api.Buyer{}), "buyer is missing")
	warn(len(o.Items) == 0, "items are missing")
	return warnings
}

func stepWarnings(u api.OrderUpdate) (warnings []string) {
	const brazil = 44 // digits of an access key
	if i := u.Invoice; u.Status == api.StatusInvoiced && i != nil {
		if len(i.AccessKey) != brazil || strings.Trim(i.AccessKey, "0123456789") != "" {
			warnings = append(warnings, "invoice.accessKey does not have the 44 digits of a Brazilian one")
		}
		if i.Date.IsZero() {
			warnings = append(warnings, "invoice.date is missing")
		}
	}
	if t := u.Tracking; u.Status == api.StatusShipped && t != nil && (t.Number == "" || t.Carrier == "" || t.ShippedDate.IsZero()) {
		warnings = append(warnings, "tracking has not all of number, carrier and shippedDate")
	}
	return warnings
}
