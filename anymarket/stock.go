package anymarket

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/operation"
	"github.com/anymarket-go/sdk/anymarket/internal/verdict"
	"github.com/anymarket-go/sdk/outbox"
)

// Groups of what waits, see [outbox.Group]. They are stored and never change.
const (
	groupSoldOut outbox.Group = iota + 1 // zero prevents overselling
	groupOrders
	groupStock
	groupPrices
	groupReload
)

// kindStock and families are stored and never change.
const (
	kindStock   = "stock.set"
	familyStock = "stock"
)

// Addressings of stock; with a location given they are others than without.
const (
	byPartnerID = "partnerId"
	byID        = "id"
	atLocation  = " at stockLocalId"
)

// Stock is the quantity of one SKU at one location.
type Stock struct {
	// PartnerID is the caller's code of the SKU. Either it or ID is given, and
	// an account uses one of the two for all its stock.
	PartnerID string
	// ID is the SKU's in ANYMARKET.
	ID ID
	// StockLocalID is the location. Left out, it is the default location. An
	// account gives it always or never, since the default location under two
	// names would be two targets: the other way is an [outbox.AddressingError].
	StockLocalID ID
	// Quantity is the new quantity, not a difference. It is required. See [Qty].
	Quantity Decimal
	// Cost is the average cost. Leave it out unless it is meant: for products
	// whose price is computed from the cost it moves the selling price.
	Cost Decimal
	// AdditionalTime is the cross-docking time in days. Left out, it stays as
	// it is. See [api.Int].
	AdditionalTime *int
}

func (s Stock) item() api.StockItem {
	return api.StockItem{
		ID: s.ID, PartnerID: s.PartnerID, StockLocalID: s.StockLocalID,
		Quantity: s.Quantity, Cost: s.Cost, AdditionalTime: s.AdditionalTime,
	}
}

func stockOf(i api.StockItem) Stock {
	return Stock{
		ID: i.ID, PartnerID: i.PartnerID, StockLocalID: i.StockLocalID,
		Quantity: i.Quantity, Cost: i.Cost, AdditionalTime: i.AdditionalTime,
	}
}

// entry checks the stock and makes an entry of it.
func (s Stock) entry() (outbox.Entry, error) {
	item := s.item()
	if err := item.Validate(); err != nil {
		return outbox.Entry{}, err
	}
	e := outbox.Entry{Kind: kindStock, Group: groupStock}
	switch {
	case s.ID != 0 && s.PartnerID != "":
		return e, &api.FieldError{Field: "id", Reason: "is given, and so is partnerId: an account uses one of them"}
	case s.ID != 0:
		e.Addressing, e.Key = byID, s.ID.String()
	default:
		e.Addressing, e.Key = byPartnerID, s.PartnerID
	}
	if s.StockLocalID != 0 {
		e.Addressing += atLocation
	}
	// The location stands first: a code may contain anything.
	e.Key = s.StockLocalID.String() + "@" + e.Key
	if s.Quantity.Decimal().IsZero() {
		e.Group = groupSoldOut
	}
	var err error
	e.Body, err = json.Marshal(item)
	return e, err
}

// StockService sets and reads stock, see Client.Stock.
type StockService struct{ c *Client }

// Set stores a new quantity, durably, and returns. It is delivered when
// ANYMARKET can take it, and the newest of a SKU and location wins. ctx governs
// the storing only.
//
// A stock that cannot be right is an [*api.FieldError]; other errors are those
// of [outbox.Outbox.Accept].
func (s StockService) Set(ctx context.Context, stock Stock) (Receipt, error) {
	e, err := stock.entry()
	if err != nil {
		return Receipt{}, err
	}
	return s.c.accept(ctx, e, nil)
}

// SetAll is [StockService.Set] for many at the price of one commit: all are
// stored, or none. The receipts are in the order of stocks.
func (s StockService) SetAll(ctx context.Context, stocks []Stock) ([]Receipt, error) {
	entries := make([]outbox.Entry, len(stocks))
	for i, stock := range stocks {
		var err error
		if entries[i], err = stock.entry(); err != nil {
			return nil, fmt.Errorf("stock %d: %w", i, err)
		}
		entries[i].Account = s.c.account
	}
	stored, err := s.c.core.Outbox.AcceptAll(ctx, entries)
	if err != nil {
		return nil, err
	}
	receipts := make([]Receipt, len(stored))
	for i, r := range stored {
		receipts[i] = Receipt{Receipt: r}
	}
	return receipts, nil
}

// List lists what ANYMARKET has, page by page, each through the gate.
func (s StockService) List(ctx context.Context, filter api.StockFilter, paging api.Paging) iter.Seq2[api.StockRow, error] {
	return list(ctx, s.c, paging, stockRowKey, func(ctx context.Context, a *api.Client, p api.Paging) (api.Page[api.StockRow], error) {
		return a.Stocks().Page(ctx, filter, p)
	})
}

func stockRowKey(r api.StockRow) string { return r.SKU.ID.String() + "@" + r.Location.ID.String() }

// Locations returns the places where stock is kept.
func (s StockService) Locations(ctx context.Context) ([]api.StockLocation, error) {
	return get(ctx, s.c, func(ctx context.Context, a *api.Client) ([]api.StockLocation, error) {
		return a.Stocks().Locations(ctx)
	})
}

func (c *core) stockKind() outbox.Kind {
	k := outbox.Kind{
		Name: kindStock, Family: familyStock, Class: outbox.Absolute, Group: groupStock, MaxBatch: c.config.MaxBatch,
		Deliver: c.putStock, Merge: mergeStock, Check: operation.Edited(editedStock),
	}
	if c.config.RefreshStock != nil {
		k.Refresh = c.refreshStock
	}
	return k
}

// putStock makes one call for a batch. What is refused is split by the outbox
// until the guilty ones stand alone.
func (c *core) putStock(ctx context.Context, batch []outbox.Lease) outbox.Answer {
	items := make([][]byte, len(batch))
	for i, l := range batch {
		items[i] = l.Body // as it was checked when it was accepted
	}
	return verdict.OfEntry(outbox.Absolute, c.Of(batch[0].Account).Stocks().PutJSON(ctx, items...))
}

// mergeStock carries over what the newer value leaves out.
func mergeStock(older, newer []byte) ([]byte, error) {
	var o, n api.StockItem
	if err := json.Unmarshal(newer, &n); err != nil {
		return nil, fmt.Errorf("stock: %w", err)
	}
	if json.Unmarshal(older, &o) != nil {
		return newer, nil //nolint:nilerr // what cannot be read has nothing to carry over
	}
	carried := n
	if !n.Cost.IsSet() {
		carried.Cost = o.Cost
	}
	if n.AdditionalTime == nil {
		carried.AdditionalTime = o.AdditionalTime
	}
	if carried.Cost.Equal(n.Cost) && carried.AdditionalTime == n.AdditionalTime {
		return newer, nil
	}
	return json.Marshal(carried)
}

// refreshStock asks the embedding program for the stock as of now.
func (c *core) refreshStock(ctx context.Context, batch []outbox.Lease) ([][]byte, error) {
	items := make([]Stock, len(batch))
	for i, l := range batch {
		var item api.StockItem
		if err := json.Unmarshal(l.Body, &item); err != nil {
			return nil, fmt.Errorf("stock: %w", err)
		}
		items[i] = stockOf(item)
	}
	fresh, err := c.config.RefreshStock(ctx, batch[0].Account, append([]Stock(nil), items...))
	if err != nil {
		return nil, err
	}
	if len(fresh) != len(items) {
		return nil, fmt.Errorf("RefreshStock returned %d items for %d", len(fresh), len(items))
	}
	bodies := make([][]byte, len(batch))
	for i, f := range fresh {
		if !f.Quantity.IsSet() {
			continue
		}
		f.ID, f.PartnerID, f.StockLocalID = items[i].ID, items[i].PartnerID, items[i].StockLocalID
		item := f.item()
		if item.Validate() != nil {
			continue // the stored value can be right
		}
		body, err := json.Marshal(item)
		if err != nil {
			return nil, err
		}
		if bodies[i], err = mergeStock(batch[i].Body, body); err != nil {
			return nil, err
		}
	}
	return bodies, nil
}
