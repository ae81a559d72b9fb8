package anymarket

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/verdict"
	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

// operation makes an entry of a line. What is wrong with it is named, as
// [*api.FieldError] values; a member that is not known is wrong, since a typo
// must not be overlooked.
func (c *Client) operation(line []byte) (e outbox.Entry, warnings []string, err error) {
	if len(line) > admin.MaxLine {
		return e, nil, &admin.Error{Code: admin.CodeTooLarge, Message: fmt.Sprintf("line of %d bytes, at most %d", len(line), admin.MaxLine)}
	}
	o, err := readOperation(line)
	if err != nil {
		return e, nil, err
	}
	account := c.account
	if name := o.text("account"); name != nil {
		account = *name
	}
	switch op := o.word("op"); op {
	case kindStock:
		e, err = o.stock()
	case kindPrice:
		e, warnings, err = o.price()
	case kindCreate:
		e, warnings, err = o.creation()
	case stepByKey:
		e, warnings, err = o.step()
	case "":
		err = errors.Join(append(o.wrong, &api.FieldError{Field: "op", Reason: "is missing"})...)
	default:
		err = &api.FieldError{Field: "op", Reason: "is none of stock.set, price.set, order.create, order.status: " + verdict.Short(op)}
	}
	e.Account = account
	return e, warnings, err
}

func (o *operation) stock() (outbox.Entry, error) {
	s := Stock{
		PartnerID: o.word("partnerId"), ID: o.id("id"), StockLocalID: o.id("stockLocalId"),
		Quantity: o.decimal("quantity"), Cost: o.decimal("cost"), AdditionalTime: o.whole("additionalTime"),
	}
	if err := o.finish(); err != nil {
		return outbox.Entry{}, err
	}
	return s.entry()
}

func (o *operation) price() (e outbox.Entry, warnings []string, err error) {
	p := Price{
		Ad: o.id("ad"), PartnerID: o.word("partnerId"), Marketplace: o.word("marketplace"),
		Price: o.decimal("price"), DiscountPrice: o.decimal("discountPrice"),
	}
	if err := o.finish(); err != nil {
		return e, nil, err
	}
	return p.entry()
}

func (o *operation) creation() (e outbox.Entry, warnings []string, err error) {
	raw := o.take("order")
	if err := o.finish(); err != nil {
		return e, nil, err
	}
	if raw == nil {
		return e, nil, &api.FieldError{Field: "order", Reason: "is missing"}
	}
	var order api.NewOrder
	if err := json.Unmarshal(raw, &order); err != nil {
		var mismatch *json.UnmarshalTypeError
		if !errors.As(err, &mismatch) {
			return e, nil, &api.FieldError{Field: "order", Reason: "cannot be read: " + verdict.Short(err.Error())}
		}
		field := strings.TrimSuffix("order."+mismatch.Field, ".")
		return e, nil, &api.FieldError{Field: field, Reason: "cannot be a " + mismatch.Value}
	}
	if e, warnings, err = creationEntry(order); err != nil {
		return e, nil, inOrder(err)
	}
	for _, name := range left(raw, order) {
		warnings = append(warnings, "order."+name+" is not known and is not sent")
	}
	return e, warnings, nil
}

// inOrder puts the place of the order before the field of an error.
func inOrder(err error) error {
	var f *api.FieldError
	if errors.As(err, &f) {
		return &api.FieldError{Field: "order." + f.Field, Reason: f.Reason}
	}
	return err
}

func (o *operation) step() (e outbox.Entry, warnings []string, err error) {
	key := OrderKey{ID: o.id("id"), Marketplace: o.word("marketplace"), MarketplaceID: o.word("marketPlaceId")}
	update := api.OrderUpdate{Status: api.OrderStatus(o.word("status")), CancelDetails: o.word("cancelDetails")}
	parts := map[string]json.RawMessage{}
	for _, name := range []string{"invoice", "tracking", "metadata"} {
		if raw := o.take(name); raw != nil {
			parts[name] = raw
		}
	}
	if err := o.finish(); err != nil {
		return e, nil, err
	}
	if key.ID == 0 && key.MarketplaceID != "" && key.Marketplace == "" {
		return e, nil, &api.FieldError{Field: "marketplace", Reason: "is missing"}
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
	if e, warnings, err = stepEntry(key, update); err != nil {
		return e, nil, err
	}
	if names := left(raw, update); len(names) > 0 {
		return e, nil, &api.FieldError{Field: names[0], Reason: "is not known, or not what belongs there"}
	}
	return e, warnings, nil
}

// operation is a line that is being read. Members are taken out of it; what is
// left is not known.
type operation struct {
	members map[string]json.RawMessage
	taken   []string
	wrong   []error
}

// readOperation reads one JSON object in which no member comes twice.
func readOperation(line []byte) (*operation, error) {
	o := &operation{members: map[string]json.RawMessage{}}
	malformed := func(why string) (*operation, error) {
		return nil, &admin.Error{Code: admin.CodeInvalid, Message: "not an operation, which is one JSON object: " + verdict.Short(why)}
	}
	if !utf8.Valid(line) {
		return malformed("it is not in UTF-8") // and would be read as other text
	}
	d := json.NewDecoder(bytes.NewReader(line))
	switch begin, err := d.Token(); {
	case errors.Is(err, io.EOF):
		return malformed("the line is empty")
	case err != nil:
		return malformed(err.Error())
	case begin != json.Delim('{'):
		return malformed("it begins with something else")
	}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return malformed(err.Error())
		}
		name := fmt.Sprint(token)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return malformed(err.Error())
		}
		if _, twice := o.members[name]; twice {
			o.refuse(verdict.Short(name), "is there twice")
		}
		o.members[name] = value
	}
	if _, err := d.Token(); err != nil {
		return malformed(err.Error())
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return malformed("something follows it")
	}
	return o, nil
}

func (o *operation) refuse(field, reason string) {
	o.wrong = append(o.wrong, &api.FieldError{Field: field, Reason: reason})
}

// take takes out a member; nil if it is not there, or null.
func (o *operation) take(name string) json.RawMessage {
	o.taken = append(o.taken, name)
	raw := o.members[name]
	delete(o.members, name)
	if string(raw) == "null" {
		return nil
	}
	return raw
}

// finish returns what was wrong. What was not taken is not known.
func (o *operation) finish() error {
	for _, name := range slices.Sorted(maps.Keys(o.members)) {
		o.refuse(verdict.Short(name), "is not known here; there are "+strings.Join(o.taken, ", "))
	}
	return errors.Join(o.wrong...)
}

// text is a text, nil if it is not there.
func (o *operation) text(name string) *string {
	raw := o.take(name)
	if raw == nil {
		return nil
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		o.refuse(name, "is not text: "+verdict.Short(string(raw)))
	}
	return &text
}

// word is a text, empty if it is not there.
func (o *operation) word(name string) string {
	if text := o.text(name); text != nil {
		return *text
	}
	return ""
}

// id is an id as a number or text, 0 if it is not there.
func (o *operation) id(name string) (id ID) {
	if raw := o.take(name); raw != nil {
		_ = id.UnmarshalJSON(raw) // never fails: what is no id is none
		if id == 0 {
			o.refuse(name, "is not an id, a whole number above zero: "+verdict.Short(string(raw)))
		}
	}
	return id
}

// decimal is a number or text with one, absent if it is not there. One that
// cannot be read is refused by whoever needs it.
func (o *operation) decimal(name string) (d Decimal) {
	if raw := o.take(name); raw != nil {
		_ = d.UnmarshalJSON(raw) // never fails, see there
	}
	return d
}

// whole is a whole number or text with one, nil if it is not there.
func (o *operation) whole(name string) *int {
	raw := o.take(name)
	if raw == nil {
		return nil
	}
	var n int
	if json.Unmarshal(bytes.Trim(raw, `"`), &n) != nil {
		o.refuse(name, "is not a whole number: "+verdict.Short(string(raw)))
	}
	return &n
}

// left names the members of a JSON value that are not in what was read of it.
func left(raw json.RawMessage, read any) []string {
	var before, after any
	data, err := json.Marshal(read)
	if err != nil || json.Unmarshal(raw, &before) != nil || json.Unmarshal(data, &after) != nil {
		return nil
	}
	return leftOf(before, after, "")
}

func leftOf(before, after any, place string) (names []string) {
	switch b := before.(type) {
	case map[string]any:
		a, ok := after.(map[string]any)
		if !ok {
			return nil // written in another way
		}
		for _, name := range slices.Sorted(maps.Keys(b)) {
			if says(b[name]) {
				names = append(names, leftOfMember(b[name], a, name, place)...)
			}
		}
	case []any:
		a, ok := after.([]any)
		if !ok || len(a) != len(b) {
			return nil
		}
		for i := range b {
			names = append(names, leftOf(b[i], a[i], fmt.Sprintf("%s[%d]", place, i))...)
		}
	}
	return names
}

func leftOfMember(before any, after map[string]any, name, place string) []string {
	if place != "" {
		place += "."
	}
	for known, value := range after {
		if strings.EqualFold(known, name) && value != nil {
			return leftOf(before, value, place+name)
		}
	}
	return []string{verdict.Short(place + name)}
}

// says is false for what is left out when it is written: it says nothing.
func says(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case float64:
		return v != 0
	case map[string]any:
		return len(v) > 0
	case []any:
		return len(v) > 0
	default:
		return true
	}
}
