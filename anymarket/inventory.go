package anymarket

import (
	"context"
	"hash/fnv"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// inventory is what ANYMARKET has, under each of the names that a stock can
// have. It is kept small, since there may be many: of numbers it has hashes.
type inventory map[place]levels

// place is a SKU, by the caller's code or by ANYMARKET's id, at a location;
// zero is the default one.
type place struct {
	partnerID string
	id        ID
	location  ID
}

type levels struct {
	amount, available, cost uint64
	additionalTime          int
}

// inventory reads what ANYMARKET has of the account's stock, page by page. At a
// closed gate it waits.
func (s StockService) inventory(ctx context.Context) (inventory, error) {
	there := inventory{}
	for row, err := range s.c.Waiting().Stock.List(ctx, api.StockFilter{}, api.Paging{}) {
		if err != nil {
			return nil, err
		}
		have := levels{hashOf(row.Amount), hashOf(row.AvailableAmount), hashOf(row.Cost), row.AdditionalTime}
		for _, sku := range []place{{partnerID: row.SKU.PartnerID}, {id: row.SKU.ID}} {
			if sku == (place{}) {
				continue
			}
			at := sku
			at.location = row.Location.ID
			there[at] = have
			if row.Location.DefaultLocal {
				there[sku] = have
			}
		}
	}
	return there, nil
}

// hashOf is that of a number however it is written. Two that differ have
// different ones, for all that can be told.
func hashOf(d Decimal) uint64 {
	if !d.IsSet() {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(d.Decimal().String())) // it never fails
	return h.Sum64()
}

// has says whether ANYMARKET has what the stock says.
func (i inventory) has(s Stock) bool {
	have, ok := i[place{partnerID: s.PartnerID, id: s.ID, location: s.StockLocalID}]
	if !ok {
		return false
	}
	quantity := hashOf(s.Quantity)
	return (quantity == have.amount || quantity == have.available) &&
		(!s.Cost.IsSet() || hashOf(s.Cost) == have.cost) &&
		(s.AdditionalTime == nil || *s.AdditionalTime == have.additionalTime)
}
