package admin

import (
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/outbox"
)

// list streams the entries that a request wants.
func (h *handler) list(w http.ResponseWriter, r *http.Request) error {
	f, err := filterOf(r)
	if err != nil {
		return err
	}
	s := newStream(w, r)
	n := 0
	for _, entries := range h.sources(f.State) {
		for rec, err := range entries {
			switch {
			case s.ended():
				return s.end()
			case err != nil:
				s.fail(err)
				return s.end()
			case !f.wants(rec):
				continue
			}
			s.line(entryOf(rec, f.Full))
			if n++; n == f.Limit {
				return s.end()
			}
		}
	}
	return s.end()
}

// sources are where entries in that state are. The outbox reads them page by
// page, so that a slow reader holds up nothing.
func (h *handler) sources(state string) []iter.Seq2[outbox.Record, error] {
	switch state {
	case "waiting", "parked":
		return []iter.Seq2[outbox.Record, error]{h.o.Waiting()}
	case "dead":
		return []iter.Seq2[outbox.Record, error]{h.o.DeadLetters()}
	case "doubt":
		return []iter.Seq2[outbox.Record, error]{h.o.Doubts()}
	default:
		return []iter.Seq2[outbox.Record, error]{h.o.Waiting(), h.o.DeadLetters()}
	}
}

func filterOf(r *http.Request) (f Filter, err error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return f, invalid("query", "cannot be read")
	}
	for name := range q {
		value := q.Get(name)
		switch name {
		case "state":
			f.State = value
		case "kind":
			f.Kind = value
		case "key":
			f.Key = value
		case "account":
			f.Account = &value
		case "full":
		case "limit":
			if f.Limit, err = strconv.Atoi(value); err != nil || f.Limit < 1 {
				return f, invalid("limit", "is not a number above zero")
			}
		default:
			return f, invalid(name, "is not known here")
		}
	}
	switch f.State {
	case "", "waiting", "parked", "dead", "doubt":
	default:
		return f, invalid("state", "is none of waiting, parked, dead, doubt")
	}
	f.Full, err = isOn(r, "full")
	return f, err
}

func (f Filter) wants(r outbox.Record) bool {
	return (f.Kind == "" || r.Kind == f.Kind || strings.HasPrefix(r.Kind, f.Kind+".")) && (f.Key == "" || r.Key == f.Key) &&
		(f.Account == nil || r.Account == *f.Account) &&
		(f.State != "parked" || r.State == outbox.Parked)
}

// history streams what happened to all entries.
func (h *handler) history(w http.ResponseWriter, r *http.Request) error {
	s := newStream(w, r)
	for e, err := range h.o.History() {
		if s.ended() {
			break
		}
		if err != nil {
			s.fail(err)
			continue
		}
		s.line(eventOf(e, false))
	}
	return s.end()
}

// patience is how long the other side may take for what it is to send, or to
// read.
const patience = 30 * time.Second

// stream writes an answer of many lines.
type stream struct {
	r       *http.Request
	w       http.ResponseWriter
	out     *http.ResponseController
	encoder *json.Encoder
	hurried time.Time
	err     error
}

func newStream(w http.ResponseWriter, r *http.Request) *stream {
	w.Header().Set("Content-Type", "application/x-ndjson")
	s := &stream{r: r, w: w, out: http.NewResponseController(w), encoder: json.NewEncoder(w)}
	s.encoder.SetEscapeHTML(false)
	return s
}

// hurry gives the reader patience from now on, since finding what is next may
// have taken long. Where there is no connection whose reader could be slow, that
// is nothing.
func (s *stream) hurry() {
	now := time.Now()
	if now.Sub(s.hurried) < time.Second {
		return
	}
	s.hurried = now
	err := s.out.SetWriteDeadline(now.Add(patience))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		s.err = err
	}
}

func (s *stream) line(v any) {
	s.hurry()
	if err := s.encoder.Encode(v); err != nil && s.err == nil {
		s.err = err
	}
}

// fail writes an error in the place of a line.
func (s *stream) fail(err error) {
	s.line(map[string]*Error{"error": ErrorOf(err)})
}

// ended says that there is no use in going on: the reader is gone, or we are
// to stop.
func (s *stream) ended() bool {
	if s.err == nil {
		s.err = s.r.Context().Err()
	}
	return s.err != nil
}

// end ends the answer. One that is not whole must not look as if it were.
func (s *stream) end() error {
	s.hurry()
	if s.err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}
