package marketplace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/gated"
	"github.com/anymarket-go/sdk/anymarket/internal/verdict"
	"github.com/anymarket-go/sdk/outbox"
)

// SaleService makes sales known, moves and reads them, see Client.Sales. What
// it stores is durable when its methods return, and is delivered when ANYMARKET
// can take it. Their ctx governs the storing only.
//
// What cannot be right is an [*api.FieldError]; other errors are those of
// [outbox.Outbox.Accept].
type SaleService struct{ c *Client }

// Notify stores a new sale. It is created once: its MarketplaceID is its key,
// and whenever the outcome of an attempt is not known the sale is looked up by
// it before anything else is sent. The same sale again gives the same receipt,
// marked Duplicate; the same key with other content is an
// [*outbox.ConflictError] that names the fields.
func (s SaleService) Notify(ctx context.Context, sold NewSale) (Receipt, error) {
	e, err := s.c.core.notifyEntry(sold)
	if err != nil {
		return Receipt{}, err
	}
	return s.c.accept(ctx, e, sold.warnings())
}

// Repush stores a sale once more that ANYMARKET acknowledged and lost, or that
// it asks for again (its call /order/force). It is looked up and sent only if it
// is not there, as after an attempt of unknown outcome. The sale has to be what
// it was, otherwise the error is an [*outbox.ConflictError]; one that is not
// delivered yet gives its receipt, marked Duplicate.
func (s SaleService) Repush(ctx context.Context, sold NewSale) (Receipt, error) {
	e, err := s.c.core.notifyEntry(sold)
	if err != nil {
		return Receipt{}, err
	}
	e.Account = s.c.account
	r, err := s.c.core.Outbox.Repush(ctx, e)
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{Receipt: r}, nil
}

// notifyEntry checks a sale and makes an entry of it.
func (c *core) notifyEntry(s NewSale) (outbox.Entry, error) {
	if err := s.Validate(); err != nil {
		return outbox.Entry{}, err
	}
	body, err := json.Marshal(s)
	if err != nil {
		return outbox.Entry{}, &api.FieldError{Field: "sale", Reason: "cannot be written as JSON: " + verdict.Short(err.Error())}
	}
	return outbox.Entry{
		Kind: kindNotify, Key: s.MarketplaceID, Once: c.onceKey(s.MarketplaceID), Body: body, MadeAt: s.CreatedAt.Time,
	}, nil
}

// MarkPaid stores that a sale was paid. The marks of a sale keep their order,
// and wait for its creation if that was stored before; so do those below.
func (s SaleService) MarkPaid(ctx context.Context, marketplaceID string, m Paid) (Receipt, error) {
	return s.mark(ctx, marketplaceID, markPaid, &m)
}

// MarkInvoiced stores that a sale was invoiced.
func (s SaleService) MarkInvoiced(ctx context.Context, marketplaceID string, m Invoiced) (Receipt, error) {
	return s.mark(ctx, marketplaceID, markInvoiced, &m)
}

// MarkShipped stores that a sale is on its way.
func (s SaleService) MarkShipped(ctx context.Context, marketplaceID string, m Shipped) (Receipt, error) {
	return s.mark(ctx, marketplaceID, markShipped, &m)
}

// MarkDelivered stores that a sale arrived.
func (s SaleService) MarkDelivered(ctx context.Context, marketplaceID string, m Delivered) (Receipt, error) {
	return s.mark(ctx, marketplaceID, markDelivered, &m)
}

// MarkCanceled stores that a sale was cancelled.
func (s SaleService) MarkCanceled(ctx context.Context, marketplaceID string, m Canceled) (Receipt, error) {
	return s.mark(ctx, marketplaceID, markCanceled, &m)
}

// TransmissionStatus stores the answer to a change of a sale by ANYMARKET:
// whether it reached the marketplace.
func (s SaleService) TransmissionStatus(ctx context.Context, marketplaceID string, m Transmission) (Receipt, error) {
	return s.mark(ctx, marketplaceID, markTransmission, &m)
}

// markBody is what is stored of a mark.
type markBody struct {
	MarketplaceID string          `json:"marketPlaceId"`
	Mark          mark            `json:"mark"`
	Body          json.RawMessage `json:"body"`
}

func (s SaleService) mark(ctx context.Context, id string, m mark, what said) (Receipt, error) {
	e, err := s.c.core.markEntry(id, m, what)
	if err != nil {
		return Receipt{}, err
	}
	return s.c.accept(ctx, e, nil)
}

// markEntry checks a mark and makes an entry of it.
func (c *core) markEntry(id string, m mark, what said) (outbox.Entry, error) {
	if err := errors.Join(checkID(id), api.Check(what)); err != nil {
		return outbox.Entry{}, err
	}
	if field := what.missing(); field != "" {
		return outbox.Entry{}, &api.FieldError{Field: field, Reason: "is missing"}
	}
	body, err := json.Marshal(what)
	if err == nil {
		body, err = json.Marshal(markBody{id, m, body})
	}
	if err != nil {
		return outbox.Entry{}, &api.FieldError{Field: string(m), Reason: "cannot be written as JSON: " + verdict.Short(err.Error())}
	}
	return outbox.Entry{Kind: kindMark, Key: id, Once: c.onceKey(id), Body: body}, nil
}

var (
	// ErrNoSale says that ANYMARKET has no sale with the id.
	ErrNoSale = errors.New("no such sale")
	// ErrSeveralSales says that ANYMARKET has more than one. It was made known
	// twice, and a person must look.
	ErrSeveralSales = errors.New("several sales with one id")
)

// Get fetches a sale. Its error wraps [ErrNoSale] or [ErrSeveralSales] if there
// is not one.
func (s SaleService) Get(ctx context.Context, marketplaceID string) (Sale, error) {
	found, err := read(ctx, s.c, func(ctx context.Context, a *api.Client) ([]Sale, error) {
		return lookUpSale(ctx, a, marketplaceID)
	})
	switch {
	case err != nil:
		return Sale{}, err
	case len(found) == 0:
		return Sale{}, fmt.Errorf("sale %q: %w", marketplaceID, ErrNoSale)
	case len(found) > 1:
		return Sale{}, fmt.Errorf("sale %q: %w: %s", marketplaceID, ErrSeveralSales, strings.Join(idsOf(found), ", "))
	default:
		return found[0], nil
	}
}

// SaleFilter selects sales. The zero value is all. A filter may be ignored by
// ANYMARKET silently, so check what comes.
type SaleFilter struct {
	Status       Status
	CreatedAfter time.Time
}

// List lists sales, page by page, each through the gate.
func (s SaleService) List(ctx context.Context, filter SaleFilter, paging api.Paging) iter.Seq2[Sale, error] {
	key := func(s Sale) string { return s.MarketplaceID }
	return gated.List(ctx, s.c.gate(), paging, key, func(ctx context.Context, p api.Paging) (api.Page[Sale], error) {
		return pageOfSales(ctx, s.c.core.Of(s.c.account), filter, p)
	})
}
