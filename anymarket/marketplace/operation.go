package marketplace

import (
	"context"
	"errors"
	"net/http"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/operation"
	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

// AdminHandler returns what Config.Admin serves on a socket, for programs that
// serve it in another way: it shows the outbox, operates it and takes operations,
// by a protocol of JSON over HTTP. It asks nobody who they are, so let nobody
// reach it who may not do all that.
func (c *Client) AdminHandler() http.Handler {
	return admin.NewHandler(c.core.Outbox, admin.Delivery{Accept: c.acceptOperations})
}

// acceptOperations stores operations, one JSON object a line, and says in their
// order what became of each.
func (c *Client) acceptOperations(ctx context.Context, lines [][]byte, strict bool) []admin.Accepted {
	return operation.Accept(ctx, c.core.Outbox, lines, c.core.config.Strict || strict, c.operation, nil)
}

// operation makes an entry of a line.
func (c *Client) operation(l *operation.Line) (e outbox.Entry, warnings []string, err error) {
	account := l.Account(c.account)
	op, err := l.Op(kindNotify, kindMark)
	if err != nil {
		return e, nil, err
	}
	if op == kindNotify {
		e, warnings, err = c.core.readNotify(l)
	} else {
		e, err = c.core.readMark(l)
	}
	e.Account = account
	return e, warnings, err
}

func (c *core) readNotify(l *operation.Line) (e outbox.Entry, warnings []string, err error) {
	raw := l.Take("sale")
	if err := l.Finish(); err != nil {
		return e, nil, err
	}
	var sold NewSale
	if err := operation.Decode("sale", raw, &sold); err != nil {
		return e, nil, err
	}
	if e, err = c.notifyEntry(sold); err != nil {
		return e, nil, operation.In("sale", err)
	}
	warnings = sold.warnings()
	for _, name := range operation.Left(raw, sold) {
		warnings = append(warnings, "sale."+name+" is not known and is not sent")
	}
	return e, warnings, nil
}

// marked is how an operation words a mark: the status that the sale has by it,
// and the member with what it says. A transmission has no status.
type marked struct {
	status Status
	member string
	mark   mark
}

func allMarked() []marked {
	return []marked{
		{StatusPaid, "paid", markPaid},
		{StatusInvoiced, "invoiced", markInvoiced},
		{StatusShipped, "shipped", markShipped},
		{StatusDelivered, "delivered", markDelivered},
		{StatusCanceled, "canceled", markCanceled},
		{"", "transmission", markTransmission},
	}
}

func (c *core) readMark(l *operation.Line) (e outbox.Entry, err error) {
	id, status := l.Word("marketPlaceId"), Status(l.Word("status"))
	m, err := markOf(status)
	if err != nil {
		return e, err
	}
	raw := l.Take(m.member)
	if raw == nil && status == "" {
		return e, errors.Join(&api.FieldError{Field: "status", Reason: "is missing, and so is transmission"}, l.Finish())
	}
	if err := l.Finish(); err != nil {
		return e, err
	}
	what := m.mark.empty()
	if raw != nil {
		if err := operation.Decode(m.member, raw, what); err != nil {
			return e, err
		}
	}
	if err := checkID(id); err != nil {
		return e, err
	}
	if e, err = c.markEntry(id, m.mark, what); err != nil {
		return e, operation.In(m.member, err)
	}
	if names := operation.Left(raw, what); len(names) > 0 {
		return e, &api.FieldError{Field: m.member + "." + names[0], Reason: "is not known, or not what belongs there"}
	}
	return e, nil
}

// markOf finds the mark for a status.
func markOf(status Status) (marked, error) {
	for _, m := range allMarked() {
		if m.status == status {
			return m, nil
		}
	}
	if err := status.check(); err != nil {
		return marked{}, err
	}
	return marked{}, &api.FieldError{Field: "status", Reason: "is no mark: a sale is " + string(status) + " from its creation"}
}
