package drill

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

// The parts of the requests that something happens to. New orders and sales have
// more of it: they are few, and it is with them that haste does harm.
const (
	badLuck         = 0.03
	creationBadLuck = 0.12
)

// weather is what goes wrong besides the window and the kills: answers that are
// lost, requests that are applied late or not at all, gateways that fail. It
// keeps to the model that the client's promise is made for: nothing is applied
// later than LateApply after the client gave up.
type weather struct {
	lateApply time.Duration

	mu   sync.Mutex // guards the fields below
	rng  *rand.Rand
	once map[string]bool // creations that had their share
	over bool
}

func newWeather(rng *rand.Rand, s schedule) *weather {
	return &weather{lateApply: s.fast(realLateApply), rng: rng, once: map[string]bool{}}
}

// rest ends it.
func (w *weather) rest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
}

// script decides about a request.
func (w *weather) script(r anymarkettest.Request) (anymarkettest.Fault, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	chance := badLuck
	if creates(r.Route) {
		chance = creationBadLuck
	}
	if w.over || w.rng.Float64() >= chance {
		return anymarkettest.Fault{}, false
	}
	if r.Method == http.MethodGet {
		return anymarkettest.Fault{Mode: anymarkettest.BadGateway}, true
	}
	// An order that is lost thrice is for a person to look at; no day is so bad.
	if creates(r.Route) {
		if w.once[string(r.Body)] {
			return anymarkettest.Fault{}, false
		}
		w.once[string(r.Body)] = true
	}
	faults := []anymarkettest.Fault{
		{Mode: anymarkettest.Reset, Applied: true},
		{Mode: anymarkettest.Closed, Applied: true, After: w.late()},
		{Mode: anymarkettest.Cut, Applied: true},
		{Mode: anymarkettest.Reset, Applied: true, After: w.late()},
		{Mode: anymarkettest.GatewayTimeout, Applied: true, After: w.late()},
		{Mode: anymarkettest.Reset},
		{Mode: anymarkettest.GatewayTimeout},
		{Mode: anymarkettest.BadGateway},
		{Latency: 20 * time.Millisecond},
	}
	return faults[w.rng.IntN(len(faults))], true
}

// late is well below LateApply, so that a slow machine does not make it more.
func (w *weather) late() time.Duration {
	return time.Duration((0.1 + 0.5*w.rng.Float64()) * float64(w.lateApply))
}
