package anymarkettest

import (
	"net/http"
	"net/url"
	"time"
)

// Request is one request that came, in the order in which they did.
type Request struct {
	N  int // from 1
	At time.Time
	// AnsweredAt is when the answer left; zero if none did.
	AnsweredAt time.Time
	// Account is whose token it carried; empty if none's.
	Account string
	Method  string
	// Path is without /v2; Route is its pattern, such as "PUT /orders/{id}". Those
	// of the API for marketplaces begin with MarketplacePath.
	Path, Route string
	Query       url.Values
	Header      http.Header // without the token
	Body        []byte
	// Plain says that the token came by http.
	Plain bool
	// Status is that of the answer; 0 if there was none.
	Status int
	// Fault says what was wrong, if something was.
	Fault string
	// Effects is what it changed, and when. In the copy that a Script or a Do
	// gets there are none.
	Effects []Effect
}

// Effect is one change of the state, in the order in which they took place.
type Effect struct {
	N       int // from 1
	Request int // Request.N, 0 for what the test did itself
	At      time.Time
	Account string
	Kind    EffectKind
	// Key is what changed: "SKU-1@1" (stock: partnerId, location), the ad or
	// SKU of a price, the id of an order, callback or feed entry.
	Key string
	// Value is the JSON that was applied: the item or the body, as it came.
	Value string
}

// EffectKind is what kind of state an effect changed.
type EffectKind string

// Kinds of effects.
const (
	StockSet      EffectKind = "stock"
	AdPriceSet    EffectKind = "ad price"
	SKUPriceSet   EffectKind = "sku price"
	OrderCreated  EffectKind = "order created"
	OrderChanged  EffectKind = "order changed"
	FeedAcked     EffectKind = "feed acked"
	CallbackSet   EffectKind = "callback set"
	CallbackGone  EffectKind = "callback removed"
	LocationSet   EffectKind = "location set"
	LocationGone  EffectKind = "location removed"
	FiscalReceipt EffectKind = "fiscal document"
	ScopeSet      EffectKind = "price scope set"
)

// Log returns all requests with their effects. It is the truth for tests: what
// a client believes can be held against it.
func (s *Server) Log() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settleLocked(time.Now())
	log := make([]Request, len(s.log))
	for i, r := range s.log {
		log[i] = *r
	}
	for _, e := range s.effects {
		if e.Request > 0 {
			r := &log[e.Request-1]
			r.Effects = append(r.Effects, e)
		}
	}
	return log
}

// Effects returns all effects, those of late ones included that are due.
func (s *Server) Effects() []Effect {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settleLocked(time.Now())
	return append([]Effect(nil), s.effects...)
}

// Count is how many requests there were of a route, such as "PUT /stocks";
// empty counts all.
func (s *Server) Count(route string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.log {
		if route == "" || r.Route == route {
			n++
		}
	}
	return n
}
