package simulation

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

// wire is what one life of a program has to do with the network: it watches all
// requests and remembers what their answers proved.
type wire struct {
	s    *Simulation
	base http.RoundTripper

	mu     sync.Mutex // guards the fields below
	onWire map[Target]bool
	open   int // requests
	writes int // and look-ups, so far
	// When a call failed last, and until when the service asked to be left alone, by
	// all and by an account that called too fast.
	failed, waits time.Time
	fast          map[string]time.Time
	// refusals are the accounts whose token was ever refused, answers what the
	// latest request of each was told that was answered. Not each 403 is a refusal.
	refusals map[string]bool
	answers  map[string]answer
}

// answer is what a request was told.
type answer struct {
	sent    time.Time
	token   string
	refused bool
}

func newWire(s *Simulation, base http.RoundTripper) *wire {
	return &wire{s: s, base: base, onWire: map[Target]bool{}, fast: map[string]time.Time{}, refusals: map[string]bool{}, answers: map[string]answer{}}
}

// RoundTrip sends a request and watches it until its answer is read or given up.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	lanes, err := w.begin(r)
	if err != nil {
		return nil, err
	}
	sent := time.Now()
	res, err := w.base.RoundTrip(r)
	w.learn(r, sent, res, err)
	end := sync.OnceFunc(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.open--
		for _, l := range lanes {
			delete(w.onWire, l)
		}
	})
	if err != nil {
		end()
		return nil, err
	}
	res.Body = &watched{ReadCloser: res.Body, w: w, end: end}
	return res, nil
}

// watched is the body of an answer: that it is cut or empty, and its end are noticed.
type watched struct {
	io.ReadCloser

	w   *wire
	any bool
	end func()
}

func (b *watched) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.any = b.any || n > 0
	if err != nil && (!errors.Is(err, io.EOF) || !b.any) {
		b.w.mu.Lock()
		b.w.failed = time.Now()
		b.w.mu.Unlock()
	}
	return n, err
}

func (b *watched) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}

// begin checks a request that leaves, and returns the lanes that it writes to.
func (w *wire) begin(r *http.Request) ([]Target, error) {
	var body []byte
	if r.GetBody != nil {
		copied, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		if body, err = io.ReadAll(copied); err != nil {
			return nil, err
		}
	}
	account, _ := accountOf(tokenOf(r.Header))
	lanes, values, err := written(account, r, body)
	if err != nil {
		w.s.blame("a request that cannot be read, %s %s: %v", r.Method, r.URL.Path, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open++
	if len(lanes) > 0 || r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/orders") {
		w.writes++
	}
	for i, l := range lanes {
		if w.onWire[l] {
			w.s.blame("two calls for %v are on the wire", l)
		}
		w.onWire[l] = true
		if values != nil {
			for _, wrong := range w.s.Values.sent(l, values[i]) {
				w.s.blame("%s", wrong)
			}
		}
	}
	return lanes, nil
}

// written names what a request writes to, and the values if it sets any.
func written(account string, r *http.Request, body []byte) (lanes []Target, values []Fields, err error) {
	path := r.URL.EscapedPath()
	var rows []map[string]json.RawMessage
	named := func(prefix, key string, fields ...string) {
		if err = json.Unmarshal(body, &rows); err != nil {
			return
		}
		for _, row := range rows {
			lanes = append(lanes, Target{account, prefix + strings.Trim(string(row[key]), `"`)})
			f := Fields{}
			for _, name := range fields {
				if v, ok := row[name]; ok {
					f[name] = string(v)
				}
			}
			values = append(values, f)
		}
	}
	_, order, isOrder := strings.Cut(path, "/orders")
	switch {
	case r.Method == http.MethodGet:
	case strings.HasSuffix(path, "/stocks"):
		named(stockOf, "partnerId", "quantity", "cost", "additionalTime")
	case strings.HasSuffix(path, "/skus/marketplaces/prices"):
		named(priceOf, "id", "price", "discountPrice")
	case !isOrder || strings.HasPrefix(order, "/feeds"):
	case order == "":
		var made struct{ MarketPlaceID string }
		err = json.Unmarshal(body, &made)
		lanes = []Target{{account, "creation of " + made.MarketPlaceID}}
	default:
		id, _, _ := strings.Cut(order[1:], "/")
		lanes = []Target{{account, "order " + id}}
	}
	return lanes, values, err
}

// learn remembers what an answer proved.
func (w *wire) learn(r *http.Request, sent time.Time, res *http.Response, err error) {
	token := tokenOf(r.Header)
	account, _ := accountOf(token)
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.failed = now
		if errors.Is(err, syscall.ECONNREFUSED) {
			w.s.meet("maintenance: " + anymarkettest.Refused.String()) // the fake does not see it
		}
		return
	}
	refused := res.StatusCode == http.StatusUnauthorized
	if last := w.answers[account]; !sent.Before(last.sent) {
		w.answers[account] = answer{sent, token, refused}
	}
	wait := now.Add(15 * time.Minute) // the most that counts; dates are not looked at
	if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil {
		wait = now.Add(time.Duration(seconds) * time.Second)
	}
	switch {
	case refused, res.StatusCode == http.StatusForbidden:
		w.refusals[account] = true
	case res.StatusCode == http.StatusTooManyRequests, res.Header.Get("Ratelimit-Remaining") == "0":
		w.fast[account] = wait
	case res.StatusCode < 200 || res.StatusCode > 299 || strings.Contains(res.Header.Get("Content-Type"), "html"):
		w.failed = now
		if res.Header.Get("Retry-After") != "" {
			w.waits = wait
		}
	}
}

// evidence says what is not true of a closed or open gate.
func (w *wire) evidence(account, token, reason string, until time.Time) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch now := time.Now(); {
	case reason == "":
		if a := w.answers[account]; a.refused && a.token == token && a.sent.Before(now) {
			return "open, though the token was refused"
		}
	case strings.Contains(reason, "its credential was refused"):
		if !w.refusals[account] {
			return "no token of it was refused"
		}
	case strings.Contains(reason, "testing it now"), strings.Contains(reason, "under way"):
		if w.open == 0 {
			return "no call is on the wire"
		}
	case strings.Contains(reason, "calls in a row"):
		// A canary comes each half minute and takes so long at most.
		if now.Sub(w.failed) > 2*time.Minute {
			return fmt.Sprintf("no call failed since %s", w.failed.Format(time.TimeOnly))
		}
	case strings.Contains(reason, "called too fast"):
		if until.After(w.fast[account].Add(time.Minute)) {
			return "it was not told to wait so long"
		}
	case strings.Contains(reason, "asked to wait"):
		if w.waits.IsZero() || until.After(w.waits.Add(time.Minute)) {
			return "it did not ask for that"
		}
	default:
		return "no such reason is known"
	}
	return ""
}

func (w *wire) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.writes
}
