package anymarket

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/operation"
	"github.com/anymarket-go/sdk/anymarket/internal/verdict"
	"github.com/anymarket-go/sdk/outbox"
)

// documents are the kinds of an XML, stored as those of a status are. They are
// of the same families, so that a document keeps its place among the steps of its
// order.
const documents stepKinds = "order.nfe"

// xmlBody is what is stored of a document.
type xmlBody struct {
	stepOrder

	XML []byte `json:"xml"`
}

// SendInvoiceXML stores the XML of an order's NF-e, as it was signed, durably,
// and returns. It is a step as those of [OrderService.SetStatus] and keeps its
// place among them. What the marketplace refuses is a dead letter with its words.
// After an unknown outcome the document is sent again, since it takes its own
// place then. ctx governs the storing only.
//
// What is no XML, or more than 700 KB of it, is an [*api.FieldError]; other
// errors are those of [outbox.Outbox.Accept].
func (s OrderService) SendInvoiceXML(ctx context.Context, key OrderKey, xml []byte) (Receipt, error) {
	order, err := orderOf(key)
	if err != nil {
		return Receipt{}, err
	}
	e, err := xmlEntry(xmlBody{order, xml})
	if err != nil {
		return Receipt{}, err
	}
	return s.c.accept(ctx, e, nil)
}

// xmlEntry checks a document and makes an entry of it.
func xmlEntry(b xmlBody) (e outbox.Entry, err error) {
	const most = 700_000 // as text it fits into an entry; a signed NF-e has 500 KB at most
	key := b.key()
	err = key.validate()
	switch {
	case err != nil:
	case len(b.XML) > most:
		err = &api.FieldError{Field: "xml", Reason: "has more than 700 KB"}
	case !bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(b.XML, []byte("\uFEFF"))), []byte("<")):
		err = &api.FieldError{Field: "xml", Reason: "is not an XML document"}
	}
	if err != nil {
		return e, err
	}
	e = documents.entry(key)
	e.Body, err = json.Marshal(b)
	return e, err
}

func (c *core) xmlKind(name, family string) outbox.Kind {
	return outbox.Kind{
		Name: name, Family: family, Class: outbox.Step, Group: groupOrders,
		Deliver: c.putXML, Resolve: c.resolveXML, Check: operation.Edited(editedXML(name)),
	}
}

// resolveXML looks whether the order is there. It does not show the document,
// and to send that again does no harm.
func (c *core) resolveXML(ctx context.Context, l outbox.Lease) outbox.Resolution {
	r := c.resolveStep(ctx, l)
	if r.Verdict == outbox.Delivered && r.Finding == outbox.Found {
		r.Finding = outbox.NotFound
	}
	return r
}

// putXML sends a document.
func (c *core) putXML(ctx context.Context, batch []outbox.Lease) outbox.Answer {
	l := batch[0]
	var b xmlBody
	if err := json.Unmarshal(l.Body, &b); err != nil {
		return verdict.Unreadable(err)
	}
	id, found := c.orderID(ctx, l, b.stepOrder)
	if id == 0 {
		return withoutOrder(found)
	}
	err := c.Of(l.Account).Orders().PutNFe(ctx, id, b.XML)
	a := verdict.OfStep(err, l.Creation, time.Now(), c.Config.LookupLag)
	// Source: OpenAPI v2 document, PUT /orders/{id}/nfe: 500 with the text of
	// the marketplace's refusal.
	var refusal *api.Error
	if errors.As(err, &refusal) && refusal.Status == http.StatusInternalServerError && refusal.Shape == api.ShapeAPI && refusal.Message != "" {
		a.Verdict = outbox.Rejected
	}
	return a
}
