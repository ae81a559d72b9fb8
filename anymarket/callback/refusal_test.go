package callback_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/callback"
	"github.com/anymarket-go/sdk/outbox"
)

func TestEveryRefusalHasItsStatusAndIsCounted(t *testing.T) {
	in(t, opts{}, func(c *callback.Config) { c.MaxBody = 1000 }, func(r *rig) {
		oi := r.s.OI()
		good := fmt.Sprintf(`{"type":"ORDER","content":{"id":"1","oi":%q}}`, oi)
		for _, c := range []struct {
			name, method, url, body string
			why                     callback.Refusal
			status                  int
		}{
			{"another secret", "POST", "https://erp.test/anymarket/wrong-horse-battery", good, callback.WrongSecret, 404},
			{"no secret", "POST", "https://erp.test/", good, callback.WrongSecret, 404},
			{"the secret elsewhere", "POST", hookURL + "/more", good, callback.WrongSecret, 404},
			{"the secret in the query", "POST", "https://erp.test/x?" + secret, good, callback.WrongSecret, 404},
			{"part of it", "POST", hookURL[:len(hookURL)-1], good, callback.WrongSecret, 404},
			{"wrong secret and method", "GET", "https://erp.test/", "", callback.WrongSecret, 404},
			{"GET", "GET", hookURL, "", callback.WrongMethod, 405},
			{"PUT", "PUT", hookURL, good, callback.WrongMethod, 405},
			{"too large", "POST", hookURL, good + strings.Repeat(" ", 1000), callback.TooLarge, 413},
			{"empty", "POST", hookURL, "", callback.Malformed, 400},
			{"not JSON", "POST", hookURL, "<html>", callback.Malformed, 400},
			{"cut", "POST", hookURL, good[:20], callback.Malformed, 400},
			{"more after it", "POST", hookURL, good + good, callback.Malformed, 400},
			{"array", "POST", hookURL, "[" + good + "]", callback.Malformed, 400},
			{"no type", "POST", hookURL, `{"content":{"id":"1","oi":"` + oi + `"}}`, callback.Malformed, 400},
			{"no id", "POST", hookURL, `{"type":"ORDER","content":{"oi":"` + oi + `"}}`, callback.Malformed, 400},
			{"id null", "POST", hookURL, `{"type":"ORDER","content":{"id":null,"oi":"` + oi + `"}}`, callback.Malformed, 400},
			{"id a path", "POST", hookURL, `{"type":"ORDER","content":{"id":"1\n2","oi":"` + oi + `"}}`, callback.Malformed, 400},
			{"long id", "POST", hookURL, `{"type":"ORDER","content":{"id":"` + strings.Repeat("1", 65) + `","oi":"` + oi + `"}}`, callback.Malformed, 400},
			{"long oi", "POST", hookURL, `{"type":"ORDER","content":{"id":"1","oi":"` + strings.Repeat("1", 65) + `"}}`, callback.Malformed, 400},
			{"another oi", "POST", hookURL, `{"type":"ORDER","content":{"id":"1","oi":"1."}}`, callback.WrongAccount, 403},
			{"no oi", "POST", hookURL, `{"type":"ORDER","content":{"id":"1"}}`, callback.WrongAccount, 403},
			{"empty oi", "POST", hookURL, `{"type":"ORDER","content":{"id":"1","oi":"."}}`, callback.WrongAccount, 403},
		} {
			before := r.r.Stats().Refused[c.why]
			var body io.Reader
			if c.body != "" {
				body = strings.NewReader(c.body)
			}
			status, text := r.send(c.method, c.url, body)
			require.Equal(r.t, c.status, status, c.name)
			require.Equal(r.t, string(c.why), strings.TrimSpace(text), c.name)
			require.Equal(r.t, before+1, r.r.Stats().Refused[c.why], c.name)
		}
		status, _ := r.send("POST", hookURL, struct{ io.Reader }{strings.NewReader(good + strings.Repeat(" ", 1000))})
		require.Equal(r.t, 413, status, "of no announced length")
		require.Zero(r.t, r.r.Stats().Taken)
		require.Zero(r.t, r.r.Inbox().Stats().Accepted, "nothing is stored")
		require.NotContains(r.t, r.log.String(), secret)
		status, _ = r.post(good)
		require.Equal(r.t, 200, status)
	})
}

func TestRateIsBoundedForThoseWhoKnowTheSecret(t *testing.T) {
	in(t, opts{}, func(c *callback.Config) { c.MaxRate = 10 }, func(r *rig) {
		body := fmt.Sprintf(`{"type":"ORDER","content":{"id":"1","oi":%q}}`, r.s.OI())
		for range 1000 {
			status, _ := r.send("POST", "https://erp.test/x", strings.NewReader(body))
			require.Equal(r.t, 404, status)
		}
		count := map[int]int{}
		for range 25 {
			status, _ := r.post(body)
			count[status]++
		}
		require.Equal(r.t, map[int]int{200: 10, 429: 15}, count)
		time.Sleep(time.Second)
		status, _ := r.post(body)
		require.Equal(r.t, 200, status)
		require.EqualValues(r.t, 15, r.r.Stats().Refused[callback.TooMany])
	})
}

func TestNotStoredIsNeverAnswered200(t *testing.T) {
	in(t, opts{}, func(c *callback.Config) { c.MaxBytes = 256 << 10 }, func(r *rig) {
		padding := strings.Repeat("x", 10_000)
		taken := 0
		for id := range 1000 {
			status, _ := r.post(fmt.Sprintf(`{"type":"ORDER","content":{"id":"%d","oi":%q,"metadata":{"p":%q}}}`, id, r.s.OI(), padding))
			if status != 200 {
				require.Equal(r.t, 503, status)
				break
			}
			taken++
		}
		require.Less(r.t, taken, 100)
		require.Len(r.t, r.waiting(), taken)
		require.EqualValues(r.t, 1, r.r.Stats().Refused[callback.NotStored])
		r.run() // makes room
		time.Sleep(5 * time.Minute)
		r.order(7, "CREATE")
		require.NoError(r.t, r.r.Close())
		status, _ := r.post(`{"type":"ORDER","content":{"id":"8","oi":"` + r.s.OI() + `"}}`)
		require.Equal(r.t, 503, status)
	})
}

func TestSlowBodyInVirtualTime(t *testing.T) {
	in(t, opts{}, nil, func(r *rig) {
		start := time.Now()
		pr, pw := io.Pipe()
		go func() {
			_, _ = pw.Write([]byte(`{"type":"ORDER",`))
		}()
		defer pw.Close()
		status, _ := r.send("POST", hookURL, pr)
		require.Equal(r.t, 408, status)
		require.Equal(r.t, 5*time.Second, time.Since(start))
		require.EqualValues(r.t, 1, r.r.Stats().Refused[callback.Slow])
	})
}

// Through real sockets: who sends slowly, never ends or goes away holds nothing
// up, and the connection of one that is refused ends.
func TestSlowBodiesThroughRealSockets(t *testing.T) {
	t.Parallel()
	p := &program{}
	r, err := callback.Open(callback.Config{
		Inbox: filepath.Join(t.TempDir(), "callbacks.db"), Secrets: []string{secret}, Accounts: map[string]string{"1.": ""},
		Handle: p.handle, BodyTimeout: 100 * time.Millisecond,
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	server := httptest.NewServer(r)
	defer server.Close()
	head := func(path string) string {
		return "POST " + path + " HTTP/1.1\r\nHost: erp\r\nContent-Length: 100\r\n\r\n{\"type\":"
	}
	answer := func(request string) string {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		require.NoError(t, err)
		defer conn.Close()
		require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
		_, err = io.WriteString(conn, request)
		require.NoError(t, err)
		text, err := io.ReadAll(conn) // until the server ends the connection
		require.NoError(t, err)
		return string(text)
	}
	require.Contains(t, answer(head("/"+secret)), "408 Request Timeout")
	require.Contains(t, answer(head("/wrong")), "404 Not Found")
	require.Contains(t, answer(strings.Replace(head("/"+secret), "100", "999999", 1)), "413 ")

	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	_, err = io.WriteString(conn, head("/"+secret))
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	require.Eventually(t, func() bool { return r.Stats().Refused[callback.Malformed] == 1 }, time.Minute, time.Millisecond, "it went away")

	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/"+secret, strings.NewReader(`{"type":"ORDER","content":{"id":1,"oi":"1"}}`))
	require.NoError(t, err)
	resp, err := server.Client().Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, 200, resp.StatusCode)
	require.EqualValues(t, 1, r.Inbox().Stats().Accepted)
}

func TestConfigurationThatCannotBeRight(t *testing.T) {
	t.Parallel()
	good := func() callback.Config {
		p := &program{}
		return callback.Config{
			Inbox: filepath.Join(t.TempDir(), "callbacks.db"), Secrets: []string{secret},
			Accounts: map[string]string{"1.": ""}, Handle: p.handle,
		}
	}
	for field, change := range map[string]func(*callback.Config){
		"Inbox":         func(c *callback.Config) { c.Inbox = "" },
		"Handle":        func(c *callback.Config) { c.Handle = nil },
		"Secrets":       func(c *callback.Config) { c.Secrets = nil },
		"Secrets[0]":    func(c *callback.Config) { c.Secrets = []string{"short"} },
		"Secrets[1]":    func(c *callback.Config) { c.Secrets = append(c.Secrets, "with/a/slash/in/the/middle/of-it") },
		"Accounts":      func(c *callback.Config) { c.Accounts = map[string]string{"1": "a", "1.": "b"} },
		"MaxBody":       func(c *callback.Config) { c.MaxBody = 2 << 20 },
		"MaxRate":       func(c *callback.Config) { c.MaxRate = -1 },
		"MaxBytes":      func(c *callback.Config) { c.MaxBytes = -1 },
		"MaxInFlight":   func(c *callback.Config) { c.MaxInFlight = -1 },
		"MaxAttempts":   func(c *callback.Config) { c.MaxAttempts = -1 },
		"BodyTimeout":   func(c *callback.Config) { c.BodyTimeout = -1 },
		"HandleTimeout": func(c *callback.Config) { c.HandleTimeout = -1 },
		"DrainTimeout":  func(c *callback.Config) { c.DrainTimeout = -1 },
	} {
		c := good()
		change(&c)
		_, err := callback.Open(c)
		var bad *api.FieldError
		require.ErrorAs(t, err, &bad, field)
		require.Equal(t, field, bad.Field)
		require.NotContains(t, err.Error(), "short")
	}
	c := good()
	r, err := callback.Open(c)
	require.NoError(t, err)
	_, err = callback.Open(c)
	var locked *outbox.LockedError
	require.ErrorAs(t, err, &locked)
	require.NoError(t, r.Close())
	require.NoError(t, r.Close(), "it is safe to call again")
	require.ErrorIs(t, r.Run(t.Context()), outbox.ErrClosed)
}
