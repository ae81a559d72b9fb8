package anymarket

import (
	"context"
	"encoding/json"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/operation"
	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

// acceptOperations stores operations, one JSON object a line, and says in their
// order what became of each.
func (c *Client) acceptOperations(ctx context.Context, lines [][]byte, strict bool) []admin.Accepted {
	created := false // something that is not stored yet
	decode := func(l *operation.Line) (outbox.Entry, []string, error) {
		e, warnings, err := c.operation(l)
		if err != nil {
			return e, nil, err
		}
		if created && e.Kind == steps.byPartnerID() { // perhaps its order
			created = false
			return e, nil, operation.ErrStoreFirst
		}
		created = created || e.Kind == kindCreate
		e, err = c.core.placed(ctx, e)
		return e, warnings, err
	}
	return operation.Accept(ctx, c.core.Outbox, lines, c.core.config.Strict || strict, decode, c.core.created.note)
}

// operation makes an entry of a line.
func (c *Client) operation(l *operation.Line) (e outbox.Entry, warnings []string, err error) {
	account := l.Account(c.account)
	op, err := l.Op(kindStock, kindPrice, kindCreate, steps.byKey())
	if err != nil {
		return e, nil, err
	}
	switch op {
	case kindStock:
		var s Stock
		if s, err = readStock(l); err == nil {
			e, err = s.entry()
		}
	case kindPrice:
		e, warnings, err = readPrice(l)
	case kindCreate:
		e, warnings, err = readCreation(l)
	default:
		e, warnings, err = readStep(l)
	}
	e.Account = account
	return e, warnings, err
}

func readStock(l *operation.Line) (Stock, error) {
	s := Stock{
		PartnerID: l.Word("partnerId"), ID: l.ID("id"), StockLocalID: l.ID("stockLocalId"),
		Quantity: l.Decimal("quantity"), Cost: l.Decimal("cost"), AdditionalTime: l.Whole("additionalTime"),
	}
	return s, l.Finish()
}

func readPrice(l *operation.Line) (e outbox.Entry, warnings []string, err error) {
	p := Price{
		Ad: l.ID("ad"), PartnerID: l.Word("partnerId"), Marketplace: l.Word("marketplace"),
		Price: l.Decimal("price"), DiscountPrice: l.Decimal("discountPrice"),
	}
	if err := l.Finish(); err != nil {
		return e, nil, err
	}
	return p.entry()
}

func readCreation(l *operation.Line) (e outbox.Entry, warnings []string, err error) {
	raw := l.Take("order")
	if err := l.Finish(); err != nil {
		return e, nil, err
	}
	var order api.NewOrder
	if err := operation.Decode("order", raw, &order); err != nil {
		return e, nil, err
	}
	if e, warnings, err = creationEntry(order); err != nil {
		return e, nil, operation.In("order", err)
	}
	for _, name := range operation.Left(raw, order) {
		warnings = append(warnings, "order."+name+" is not known and is not sent")
	}
	return e, warnings, nil
}

func readStep(l *operation.Line) (e outbox.Entry, warnings []string, err error) {
	key := OrderKey{ID: l.ID("id"), Marketplace: l.Word("marketplace"), MarketplaceID: l.Word("marketPlaceId"), PartnerID: l.Word("partnerId")}
	update := api.OrderUpdate{Status: api.OrderStatus(l.Word("status")), CancelDetails: l.Word("cancelDetails")}
	parts := map[string]json.RawMessage{}
	for _, name := range []string{"invoice", "tracking", "metadata"} {
		if raw := l.Take(name); raw != nil {
			parts[name] = raw
		}
	}
	if err := l.Finish(); err != nil {
		return e, nil, err
	}
	if key.ID == 0 && key.MarketplaceID != "" && key.Marketplace == "" {
		return e, nil, &api.FieldError{Field: "marketplace", Reason: "is missing"}
	}
	named, err := orderOf(key)
	if err != nil {
		return e, nil, err
	}
	raw, err := json.Marshal(parts)
	if err != nil {
		return e, nil, err
	}
	var order api.Order // which reads these parts leniently
	if err := json.Unmarshal(raw, &order); err != nil {
		return e, nil, err
	}
	update.Invoice, update.Tracking, update.Metadata = order.Invoice, order.Tracking, order.Metadata
	if e, warnings, err = stepEntry(stepBody{named, update}); err != nil {
		return e, nil, err
	}
	if names := operation.Left(raw, update); len(names) > 0 {
		return e, nil, &api.FieldError{Field: names[0], Reason: "is not known, or not what belongs there"}
	}
	return e, warnings, nil
}
