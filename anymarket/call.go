package anymarket

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/verdict"
	"github.com/anymarket-go/sdk/outbox"
)

// Kinds and families of calls without a method of their own are stored and
// never change.
const (
	kindCallValue   = "call.value"
	kindCallOnce    = "call.once"
	kindCallStep    = "call.step"
	familyCallValue = "call.value"
	familyCall      = "call"
)

// Call is a write to an endpoint that has no method here, for [Client.Send].
type Call struct {
	// Class says what may be done about an attempt of unknown outcome, see
	// package outbox. A value is sent again; of a creation or a step nobody
	// here can tell whether it took effect, so it is parked for a person.
	Class outbox.Class
	// Key names the target: calls of one key keep their order, and of values
	// the newest wins, so that each must say all that the one before said. Of
	// a creation it is the key under which it is known: the same key again is
	// the same creation.
	Key string
	// Method is POST, PUT, PATCH or DELETE.
	Method string
	// Path follows the base URL: it begins with a slash and is escaped.
	Path string
	// Route is what errors show in place of Path, ids left out. Defaults to
	// Path.
	Route string
	Query url.Values
	// Body is sent as it is.
	Body []byte
	// ContentType of Body. Defaults to application/json.
	ContentType string
}

// callBody is what is stored.
type callBody struct {
	Method      string     `json:"method"`
	Path        string     `json:"path"`
	Route       string     `json:"route,omitempty"`
	Query       url.Values `json:"query,omitempty"`
	Body        []byte     `json:"body,omitempty"`
	ContentType string     `json:"contentType,omitempty"`
}

func (b callBody) request() api.Request {
	return api.Request{Method: b.Method, Path: b.Path, Route: b.Route, Query: b.Query, Body: b.Body, ContentType: b.ContentType}
}

// Send stores a call to an endpoint that has no method here, durably, and
// returns. It is delivered as the other writes are, by the rules of its class;
// ctx governs the storing only. An answer of 2xx is success, whatever it says.
// Endpoints that have a method here have to go through it: their lanes are
// others.
func (c *Client) Send(ctx context.Context, call Call) (Receipt, error) {
	e := outbox.Entry{Key: call.Key}
	switch call.Class {
	case outbox.Absolute:
		e.Kind = kindCallValue
	case outbox.Once:
		e.Kind, e.Once = kindCallOnce, call.Key
	case outbox.Step:
		e.Kind, e.Once = kindCallStep, call.Key
	default:
		return Receipt{}, &api.FieldError{Field: "Class", Reason: "is missing: it says whether the call may be repeated"}
	}
	switch call.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		return Receipt{}, &api.FieldError{Field: "Method", Reason: "is none of POST, PUT, PATCH, DELETE"}
	}
	if len(call.Path) < 2 || call.Path[0] != '/' {
		return Receipt{}, &api.FieldError{Field: "Path", Reason: "does not begin with a slash and a name"}
	}
	if err := needText("Key", call.Key); err != nil {
		return Receipt{}, err
	}
	body, err := json.Marshal(callBody{call.Method, call.Path, call.Route, call.Query, call.Body, call.ContentType})
	if err != nil {
		return Receipt{}, err
	}
	e.Body = body
	return c.accept(ctx, e, nil)
}

// Fetch makes a read of an endpoint that has no method here, through the gate.
func (c *Client) Fetch(ctx context.Context, r api.Request) (api.Answer, error) {
	if r.Method != "" && r.Method != http.MethodGet {
		return api.Answer{}, &api.FieldError{Field: "Method", Reason: "is not GET: writes go through Send"}
	}
	return get(ctx, c, func(ctx context.Context, a *api.Client) (api.Answer, error) { return a.Do(ctx, r) })
}

// callKinds have no Resolve: what is not known to have taken effect is parked.
func (c *core) callKinds() []outbox.Kind {
	kind := func(name, family string, class outbox.Class) outbox.Kind {
		return outbox.Kind{Name: name, Family: family, Class: class, Group: groupPrices, Deliver: func(ctx context.Context, batch []outbox.Lease) outbox.Answer {
			var b callBody
			if err := json.Unmarshal(batch[0].Body, &b); err != nil {
				return verdict.Unreadable(err)
			}
			_, err := c.Of(batch[0].Account).Do(ctx, b.request())
			return verdict.OfEntry(class, err)
		}}
	}
	return []outbox.Kind{
		kind(kindCallValue, familyCallValue, outbox.Absolute),
		kind(kindCallOnce, familyCall, outbox.Once),
		kind(kindCallStep, familyCall, outbox.Step),
	}
}
