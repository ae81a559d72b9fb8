package anymarkettest

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// PageMode is how a status page fares.
type PageMode int

// Modes of a status page.
const (
	PageUp          PageMode = iota // it says what it knows
	PageDown                        // 503 with HTML
	PageHTML                        // 200 with HTML
	PageReset                       // the connection is reset
	PageHanging                     // nothing comes back
	PageSlow                        // the answer comes byte by byte, one a second
	PageCut                         // the connection closes in the middle of the answer
	PageChanged                     // JSON of another provider
	PageMalformed                   // maintenances whose fields have other types
	PageHuge                        // 8 MiB, packed into little if the client takes that
	PageRedirecting                 // redirects to itself, again and again
)

// Become changes how the page fares.
func (p *StatusPage) Become(mode PageMode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode, p.redirect = mode, ""
}

// RedirectTo has the page answer with a redirect, until Become.
func (p *StatusPage) RedirectTo(url string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.redirect = url
}

func (p *StatusPage) handle(w http.ResponseWriter, r *http.Request) {
	mode, redirect, ok := p.look()
	if !ok {
		drop(w, true)
		return
	}
	defer p.wg.Done()
	switch {
	case redirect != "":
		http.Redirect(w, r, redirect, http.StatusFound)
	case mode == PageRedirecting:
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	case mode == PageReset:
		drop(w, true)
	case mode == PageHanging:
		p.wait(r, time.Hour)
		drop(w, false)
	case mode == PageSlow:
		for _, b := range p.answer(r, mode).body {
			if _, err := w.Write([]byte{b}); err != nil || http.NewResponseController(w).Flush() != nil || !p.wait(r, time.Second) {
				return
			}
		}
	default:
		p.answer(r, mode).write(w, r, mode == PageCut, true)
	}
}

func (p *StatusPage) answer(r *http.Request, mode PageMode) answer {
	html := func(status int) answer { return answer{status: status, typ: htmlType, body: []byte(page)} }
	js := func(body string) answer { return answer{status: http.StatusOK, typ: jsonType, body: []byte(body)} }
	switch mode {
	case PageDown:
		return html(http.StatusServiceUnavailable)
	case PageHTML:
		return html(http.StatusOK)
	case PageChanged:
		return js(`{"page":{"name":"ANYMARKET","url":"` + p.URL + `","status":"UP"},"activeMaintenances":[]}`)
	case PageMalformed:
		return js(`{"page":{"name":"ANYMARKET"},"scheduled_maintenances":[{"id":7,"scheduled_for":{}},"none"]}`)
	case PageHuge:
		return js(strings.Repeat(" ", 8<<20)) // which any JSON may begin with
	default:
	}
	v, ok := p.resource(r.URL.Path)
	if !ok || r.Method != http.MethodGet {
		return html(http.StatusNotFound)
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // times and texts
	}
	return js(string(b))
}

// wait says whether d has passed before the client left or the page was closed.
func (p *StatusPage) wait(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
	case <-p.done:
	}
	return false
}
