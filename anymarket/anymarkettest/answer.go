package anymarkettest

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	jsonType = "application/json;charset=UTF-8"
	htmlType = "text/html; charset=utf-8"
)

// page is the HTML of gateways and of the maintenance page.
const page = "<!DOCTYPE html>\n<html><head><title>ANYMARKET</title></head><body><h1>Estamos em manuten\u00e7\u00e3o</h1></body></html>\n"

// answer is what goes back. The zero answer is none: the connection ends.
type answer struct {
	status int
	typ    string // Content-Type
	body   []byte
	header http.Header
}

func (a *answer) set(name, value string) {
	if a.header == nil {
		a.header = http.Header{}
	}
	a.header.Set(name, value)
}

// value answers with JSON.
func (c *call) value(status int, v any) answer {
	b, err := json.Marshal(v)
	if err != nil {
		return c.refuse(http.StatusInternalServerError, "%v", err)
	}
	return answer{status: status, typ: jsonType, body: b}
}

func (c *call) done() answer { return answer{status: http.StatusNoContent} }

// refuse answers with an error in the API's shape.
func (c *call) refuse(status int, format string, args ...any) answer {
	e := map[string]any{"code": strconv.Itoa(status), "message": fmt.Sprintf(format, args...)}
	if c.s.o.OtherSpelling != c.market() { // the API for marketplaces has numbers
		e["code"] = status
	}
	b, err := json.Marshal(e)
	if err != nil {
		panic(err) // text and a number
	}
	return answer{status: status, typ: jsonType, body: b}
}

func (c *call) missing(id any) answer {
	return c.refuse(http.StatusNotFound, "Recurso com o id '%v' n\u00e3o encontrado", id)
}

// sick is the answer of a mode; the zero answer where there is none.
func (c *call) sick(m Mode) answer {
	html := func(status int) answer { return answer{status: status, typ: htmlType, body: []byte(page)} }
	switch m {
	case Unavailable:
		return c.refuse(http.StatusServiceUnavailable, "Servi\u00e7o indispon\u00edvel")
	case UnavailablePage:
		return html(http.StatusServiceUnavailable)
	case Page:
		return html(http.StatusOK)
	case Redirect:
		a := html(http.StatusFound)
		a.set("Location", "https://status.anymarket.test/")
		return a
	case BadGateway:
		return html(http.StatusBadGateway)
	case GatewayTimeout:
		return answer{status: http.StatusGatewayTimeout}
	case EmptyError:
		return answer{status: http.StatusInternalServerError}
	case Business:
		return c.refuse(http.StatusInternalServerError, "Opera\u00e7\u00e3o recusada pelo marketplace")
	case NoToken:
		return c.value(http.StatusUnauthorized, map[string]string{"response": "NO_TOKEN", "operation": "geral"})
	case Forbidden:
		return c.value(http.StatusForbidden, map[string]string{"response": "TOKEN_EXPIRED", "operation": "geral"})
	case TooLarge:
		return c.refuse(http.StatusRequestEntityTooLarge, "Quantidade m\u00e1xima de itens excedida")
	case TooMany:
		return c.tooMany()
	default:
		return answer{}
	}
}

func (c *call) tooMany() answer {
	l := c.s.o.Limit
	a := c.refuse(http.StatusTooManyRequests, "Limite de requisi\u00e7\u00f5es excedido")
	if l.Text {
		a = answer{status: http.StatusTooManyRequests, typ: "text/plain", body: []byte("API rate limit exceeded\n")}
	}
	switch seconds := c.untilReset(); {
	case l.NoRetryAfter:
	case l.RetryAfterDate:
		a.set("Retry-After", c.now.Add(time.Duration(seconds)*time.Second).UTC().Format(http.TimeFormat))
	default:
		a.set("Retry-After", strconv.Itoa(seconds))
	}
	c.limitHeaders(&a)
	return a
}

// write sends the answer, or half of it and then nothing.
func (a answer) write(w http.ResponseWriter, r *http.Request, cut, zip bool) {
	for name, vs := range a.header {
		w.Header()[http.CanonicalHeaderKey(name)] = vs
	}
	if a.typ != "" && w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", a.typ)
	}
	switch {
	case cut:
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body[:len(a.body)/2]) // the client may be gone
		_ = http.NewResponseController(w).Flush()
		drop(w, false)
	case zip && len(a.body) > 0 && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip"):
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(a.status)
		z := gzip.NewWriter(w)
		_, _ = z.Write(a.body)
		_ = z.Close()
	default:
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body)
	}
}

// drop ends the connection, by a reset or a close.
func drop(w http.ResponseWriter, reset bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // no connection of ours; net/http ends it
	}
	if l, ok := conn.(interface{ SetLinger(int) error }); ok && reset {
		_ = l.SetLinger(0)
	}
	_ = conn.Close()
}
