package admin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"time"

	"github.com/anymarket-go/sdk/outbox"
)

// Bounds of requests, in bytes.
const (
	// MaxLine is the longest line with an operation: the largest body that an
	// outbox takes if it is not told otherwise, and what stands around it.
	MaxLine = 1<<20 + 64<<10
	// maxOperations bounds the lines of one request together. They are stored
	// with one commit.
	maxOperations = 4 << 20
	// maxBody bounds any other request: a body to be edited.
	maxBody = 16 << 20
)

// base is what all paths begin with. Another protocol would have another.
const base = "/v1"

// Delivery is what only a process that delivers can do. Each may be nil.
type Delivery struct {
	Accept    Accepter
	Campaigns func(ctx context.Context, q CampaignQuery) ([]Campaign, error)
	// Recheck and Reload run until all is done. What they tell is sent on at
	// once; an error of the rows, or of telling, ends them.
	Recheck func(ctx context.Context, r Recheck, known iter.Seq2[KnownOrder, error], tell func(RecheckNews) error) error
	Reload  func(ctx context.Context, r Reload, rows iter.Seq2[Row, error], tell func(ReloadNews) error) error
	Repush  func(ctx context.Context, r Repush) Accepted
}

// Accepter stores operations, one JSON object a line, and returns in their order
// what became of each when that is durable. In strict mode what ANYMARKET may
// refuse is not stored.
type Accepter func(ctx context.Context, lines [][]byte, strict bool) []Accepted

// NewHandler returns a handler that shows and operates an outbox, see the
// package comment. What d does not have is unsupported. Whoever can reach it can
// do all that; it is the caller's part to let nobody else.
func NewHandler(o *outbox.Outbox, d Delivery) http.Handler {
	h := &handler{o: o, delivery: d, startedAt: time.Now()}
	mux := http.NewServeMux()
	handle := func(method, path string, answer func(w http.ResponseWriter, r *http.Request) error) {
		mux.HandleFunc(method+" "+base+path, func(w http.ResponseWriter, r *http.Request) {
			if err := answer(w, r); err != nil {
				writeError(w, ErrorOf(err))
			}
		})
	}
	handle("GET", "/status", h.status)
	handle("GET", "/entries", h.list)
	handle("GET", "/entries/{id}", h.show)
	handle("GET", "/entries/{id}/why", h.why)
	handle("PUT", "/entries/{id}/body", h.edit)
	handle("POST", "/entries/{id}/requeue", h.requeue)
	handle("POST", "/entries/{id}/discard", h.discard)
	handle("POST", "/pause", h.pause)
	handle("POST", "/resume", h.resume)
	handle("POST", "/readdress", h.readdress)
	handle("POST", "/erase", h.erase)
	handle("POST", "/reseal", h.reseal)
	handle("POST", "/check", h.check)
	handle("GET", "/history", h.history)
	handle("GET", "/lives", h.lives)
	handle("GET", "/gate", h.gate)
	handle("POST", "/operations", h.operations)
	handle("POST", "/resend", h.resend)
	handle("POST", "/campaigns", h.campaigns)
	handle("POST", "/recheck", h.recheck)
	handle("POST", "/reload", h.reload)
	handle("POST", "/repush", h.repush)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeError(w, &Error{Code: CodeUnsupported, Message: fmt.Sprintf("there is no %s %q here", r.Method, r.URL.Path)})
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Rows come while the answer goes, and what is refused is told before
		// they come.
		if err := http.NewResponseController(w).EnableFullDuplex(); err != nil && !errors.Is(err, http.ErrNotSupported) {
			writeError(w, ErrorOf(err))
			return
		}
		mux.ServeHTTP(w, r)
	})
}

type handler struct {
	o         *outbox.Outbox
	delivery  Delivery
	startedAt time.Time
}

func (h *handler) status(w http.ResponseWriter, _ *http.Request) error {
	s := statusOf(h.o, h.startedAt)
	if h.delivery.Accept == nil {
		// Nobody delivers: a gate that was closed is known to be, and no other.
		s.Gates = slices.DeleteFunc(s.Gates, func(g Gate) bool { return g.Open })
	}
	return writeJSON(w, s)
}

func (h *handler) show(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r)
	if err != nil {
		return err
	}
	full, err := isOn(r, "full")
	if err != nil {
		return err
	}
	rec, err := h.o.Show(id)
	if err != nil {
		return err
	}
	events, err := h.o.Events(id)
	if err != nil {
		return err
	}
	return writeJSON(w, detailsOf(rec, events, full))
}

func (h *handler) why(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r)
	if err != nil {
		return err
	}
	why, err := h.o.Why(id)
	if err != nil {
		return err
	}
	if why.State == outbox.Waiting {
		events, err := h.o.Events(id)
		if err != nil {
			return err
		}
		last := lastAttempt(events)
		if last.Verdict == outbox.Unauthorized {
			why.Because = append(why.Because, "its last attempt was refused for the credential of its account: "+last.Reason)
			why.Next = append(why.Next, "the account must have a credential that is accepted")
		}
	}
	return writeJSON(w, Why{ID: id, State: why.State.String(), Because: why.Because, Next: why.Next})
}

// lastAttempt is the latest call that was made for an entry; zero if there was
// none.
func lastAttempt(events []outbox.Event) (last outbox.Event) {
	for _, e := range events {
		if e.Type == outbox.EventAttempt {
			last = e
		}
	}
	return last
}

func (h *handler) edit(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r)
	if err != nil {
		return err
	}
	body, err := bodyOf(w, r, maxBody)
	if err != nil {
		return err
	}
	if len(body) == 0 {
		return invalid("body", "is empty")
	}
	receipt, err := h.o.Edit(r.Context(), id, body)
	if err != nil {
		return h.standing(id, err)
	}
	return writeJSON(w, map[string]outbox.ID{"id": receipt.ID()})
}

func (h *handler) requeue(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r)
	if err == nil {
		err = h.standing(id, h.o.Requeue(r.Context(), id))
	}
	return done(w, err)
}

// reasoned is a request that may give a reason.
type reasoned struct {
	Reason string `json:"reason,omitempty"`
}

func (h *handler) discard(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r)
	if err != nil {
		return err
	}
	var why reasoned
	if err := readJSON(w, r, &why); err != nil {
		return err
	}
	return done(w, h.standing(id, h.o.Discard(r.Context(), id, why.Reason)))
}

// standing says how an entry stands that an act did not find among those that it
// is for.
func (h *handler) standing(id outbox.ID, err error) error {
	if !errors.Is(err, outbox.ErrNotFound) {
		return err
	}
	rec, unknown := h.o.Show(id)
	if unknown != nil {
		return err
	}
	return &Error{Code: CodeState, Message: fmt.Sprintf("it is %s: only what waits for a person, or is a dead letter, can be changed", rec.State)}
}

func (h *handler) pause(w http.ResponseWriter, r *http.Request) error {
	p, err := pauseOf(w, r)
	switch {
	case err != nil:
	case p.All:
		err = h.o.PauseAll(r.Context(), p.Reason)
	default:
		err = h.o.Pause(r.Context(), p.Account, p.Reason)
	}
	return done(w, err)
}

func (h *handler) resume(w http.ResponseWriter, r *http.Request) error {
	p, err := pauseOf(w, r)
	switch {
	case err != nil:
	case p.All:
		err = h.o.ResumeAll(r.Context())
	default:
		err = h.o.Resume(r.Context(), p.Account)
	}
	return done(w, err)
}

// pauseOf reads a pause. An account may have an empty name, so it must be given
// even then: what was forgotten is not guessed.
func pauseOf(w http.ResponseWriter, r *http.Request) (Pause, error) {
	var p struct {
		Account *string `json:"account"`
		All     bool    `json:"all"`
		Reason  string  `json:"reason"`
	}
	if err := readJSON(w, r, &p); err != nil {
		return Pause{}, err
	}
	switch {
	case p.All && p.Account != nil && *p.Account != "":
		return Pause{}, invalid("account", "is given, and so is all")
	case p.All:
		return Pause{Scope{All: true}, p.Reason}, nil
	case p.Account == nil:
		return Pause{}, invalid("account", "is missing, and so is all")
	default:
		return Pause{Scope{Account: *p.Account}, p.Reason}, nil
	}
}

// addressed says which targets of an account are named anew.
type addressed struct {
	Account *string `json:"account"` // may be empty, so it must be given
	Family  string  `json:"family"`
}

func (h *handler) readdress(w http.ResponseWriter, r *http.Request) error {
	var a addressed
	if err := readJSON(w, r, &a); err != nil {
		return err
	}
	switch {
	case a.Account == nil:
		return invalid("account", "is missing")
	case a.Family == "":
		return invalid("family", "is missing")
	default:
		return done(w, h.o.Readdress(r.Context(), *a.Account, a.Family))
	}
}

func (h *handler) check(w http.ResponseWriter, r *http.Request) error {
	return done(w, h.o.Check(r.Context()))
}

func (h *handler) operations(w http.ResponseWriter, r *http.Request) error {
	if h.delivery.Accept == nil {
		return onlyDelivering("operations are taken")
	}
	body, err := bodyOf(w, r, maxOperations)
	if err != nil {
		return err
	}
	body = bytes.TrimSuffix(body, []byte("\n"))
	if len(body) == 0 {
		return invalid("body", "has no operation")
	}
	strict, err := isOn(r, "strict")
	if err != nil {
		return err
	}
	accepted := h.delivery.Accept(r.Context(), bytes.Split(body, []byte("\n")), strict)
	s := newStream(w, r) // whose reader has patience from now on
	for _, a := range accepted {
		s.line(a)
	}
	return s.end()
}
