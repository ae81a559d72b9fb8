package anymarkettest

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// call is one request being answered; its handler runs under Server.mu.
type call struct {
	s    *Server
	a    *Account // nil until admitted
	r    *http.Request
	body []byte
	now  time.Time
	n    int // Request.N
}

// handler answers a request whose account is known.
type handler func(c *call) answer

// handle makes an http.Handler of a handler: record, fault, effect, answer.
func (s *Server) handle(route string, h handler, plain bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.begin() {
			drop(w, true)
			return
		}
		defer s.wg.Done()
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		c := &call{s: s, r: r, body: body}
		rec := s.record(c, route, plain)
		if err != nil { // the client went away while sending: nobody is there to answer
			s.note(c.n, "request cut: "+err.Error())
			drop(w, true)
			return
		}
		f, a := s.decide(c, rec, h)
		if f.Do != nil {
			f.Do(rec)
		}
		if !s.wait(r, s.o.Latency+f.Latency) {
			s.note(c.n, "client gave up")
			drop(w, true)
			return
		}
		s.reply(w, c, f, a)
	}
}

// record logs a request as it came.
func (s *Server) record(c *call, route string, plain bool) Request {
	header := c.r.Header.Clone()
	header.Del("gumgaToken")
	header.Del("token")
	query := c.r.URL.Query()
	if query.Has("gumgaToken") {
		query.Set("gumgaToken", "[hidden]")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.now = time.Now()
	s.settleLocked(c.now)
	rec := &Request{
		N: len(s.log) + 1, At: c.now, Method: c.r.Method, Path: strings.TrimPrefix(c.r.URL.EscapedPath(), "/v2"), Route: route,
		Query: query, Header: header, Body: c.body, Plain: plain,
	}
	if a := s.tokens[c.token()]; a != nil {
		rec.Account = a.name
	}
	s.log = append(s.log, rec)
	c.n = rec.N
	return *rec
}

func (s *Server) note(n int, fault string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log[n-1].Fault = fault
}

// decide finds the fault that the request meets, and lets it take effect if it
// does.
func (s *Server) decide(c *call, rec Request, h handler) (Fault, answer) {
	s.mu.Lock()
	_, down := s.outageLocked(c.now)
	s.mu.Unlock()
	var f Fault
	scripted := false
	if !down && s.o.Script != nil {
		f, scripted = s.o.Script(rec) // may block and use the server
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.now = time.Now()
	s.settleLocked(c.now)
	if o, down := s.outageLocked(c.now); down {
		s.log[c.n-1].Fault = "maintenance: " + o.mode.String()
		return Fault{Mode: o.mode}, answer{}
	}
	if !scripted {
		f, _ = s.faultLocked(rec)
	}
	normal := f.Mode == Up && f.Status == 0
	if !normal {
		s.log[c.n-1].Fault = f.Mode.String()
		if f.Status != 0 {
			s.log[c.n-1].Fault = strconv.Itoa(f.Status)
		}
	}
	if !normal && !f.Applied {
		return f, answer{}
	}
	a, admitted := c.admit()
	switch {
	case !admitted:
		return f, a
	case !normal && f.After > 0:
		s.log[c.n-1].Fault += ", applied late"
		s.late = append(s.late, late{due: c.now.Add(f.After), run: func(now time.Time) {
			l := *c
			l.now = now
			h(&l)
		}})
		return f, answer{}
	case !normal:
		s.log[c.n-1].Fault += ", applied"
	}
	a2 := h(c)
	a2.header = a.header
	return f, a2
}

// wait sleeps; false means that the client or the server went away meanwhile.
func (s *Server) wait(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
	case <-s.done:
	}
	return false
}

// reply sends what the fault says, else the answer.
func (s *Server) reply(w http.ResponseWriter, c *call, f Fault, a answer) {
	s.mu.Lock()
	rec := s.log[c.n-1]
	if o, down := s.outageLocked(time.Now()); down && o.start.After(c.now) {
		f = Fault{Mode: Reset}
		rec.Fault = "the answer was lost as maintenance began"
	}
	out := a
	switch {
	case f.Status != 0:
		out = answer{status: f.Status, typ: jsonType, body: []byte(f.Body), header: f.Header}
	case f.Mode == Cut && out.status != 0 && len(out.body) == 0:
		f.Mode, out = Closed, answer{} // there is no half of nothing
	case f.Mode == Cut && out.status == 0:
		out = c.value(http.StatusOK, map[string]string{"note": "half of this never comes"})
	case f.Mode == Empty:
		if out.status == 0 {
			out.status = http.StatusOK
		}
		out = answer{status: out.status}
	case f.Mode != Up && f.Mode != Cut:
		out = c.sick(f.Mode)
	}
	out.header = maps.Clone(out.header)
	if f.RetryAfter > 0 {
		out.set("Retry-After", strconv.Itoa(int((f.RetryAfter+time.Second-1)/time.Second)))
	}
	if out.status != 0 {
		rec.Status = out.status
		rec.AnsweredAt = time.Now()
	}
	s.mu.Unlock()

	switch {
	case f.Mode == Hang && f.Status == 0:
		select {
		case <-c.r.Context().Done():
		case <-s.done:
		}
		drop(w, true)
	case out.status == 0:
		drop(w, f.Mode != Closed)
	default:
		out.write(w, c.r, f.Mode == Cut && f.Status == 0, s.o.Gzip)
	}
}

// admit finds the account and counts the request against its limit. If it is
// not admitted the answer says why; else it carries only headers.
func (c *call) admit() (answer, bool) {
	s, token := c.s, c.token()
	a := s.tokens[token]
	if refused, strange := c.strangeApp(); strange {
		return refused, false
	}
	switch {
	case token == "":
		return c.sick(NoToken), false
	case a == nil && s.o.BadToken == http.StatusForbidden:
		return c.sick(Forbidden), false
	case a == nil:
		return c.value(s.o.BadToken, map[string]string{"response": "TOKEN_EXPIRED", "operation": "geral"}), false
	}
	c.a = a
	l := s.o.Limit
	if l.Requests <= 0 {
		return answer{}, true
	}
	// Spans begin at whole multiples, as those of a gateway do.
	if span := c.now.Truncate(l.Per); !span.Equal(a.span) {
		a.span, a.used = span, 0
	}
	a.used++
	if a.used > l.Requests {
		return c.sick(TooMany), false
	}
	var out answer
	c.limitHeaders(&out)
	return out, true
}

// limitHeaders announces the limit, if it is announced.
func (c *call) limitHeaders(out *answer) {
	l := c.s.o.Limit
	if !l.Headers || c.a == nil || l.Requests <= 0 {
		return
	}
	out.set("ratelimit-limit", strconv.Itoa(l.Requests))
	out.set("ratelimit-remaining", strconv.Itoa(max(0, l.Requests-c.a.used)))
	out.set("ratelimit-reset", strconv.Itoa(c.untilReset()))
}

// untilReset is in whole seconds, at least one.
func (c *call) untilReset() int {
	per := c.s.o.Limit.Per
	left := c.now.Truncate(per).Add(per).Sub(c.now)
	return max(1, int((left+time.Second-1)/time.Second))
}

// effect records a change of the state.
func (c *call) effect(kind EffectKind, key string, value any) {
	c.s.effectLocked(c.n, c.now, c.a.name, kind, key, value)
}

func (s *Server) effectLocked(request int, now time.Time, account string, kind EffectKind, key string, value any) {
	text, ok := value.(string)
	if !ok {
		b, err := json.Marshal(value)
		if err != nil {
			b = []byte(err.Error())
		}
		text = string(b)
	}
	s.effects = append(s.effects, Effect{N: len(s.effects) + 1, Request: request, At: now, Account: account, Kind: kind, Key: key, Value: text})
}

// param returns a query parameter, unless it is one that is ignored.
func (c *call) param(name string) string {
	if slices.Contains(c.s.o.IgnoreFilters, name) {
		return ""
	}
	return c.r.URL.Query().Get(name)
}

// pathID returns a number in the path, 0 if there is none.
func (c *call) pathID(name string) int64 {
	id, err := strconv.ParseInt(c.r.PathValue(name), 10, 64)
	if err != nil {
		return 0
	}
	return id
}

// decode reads the body; numbers keep their text.
func (c *call) decode(to any) error {
	d := json.NewDecoder(strings.NewReader(string(c.body)))
	d.UseNumber()
	if err := d.Decode(to); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON")
	}
	return nil
}
