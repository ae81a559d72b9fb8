package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/callback"
	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
	"github.com/anymarket-go/sdk/internal/admin"
)

const serveSecret = "correct-horse-battery"

// serving is a callback serve of the first account and of b.
type serving struct {
	*rig
	*command

	inbox, addr string
	interrupt   context.CancelFunc
}

func (r *rig) serveArgs(inbox string, more ...string) []string {
	return append([]string{
		"callback", "serve", "--inbox", inbox, "--addr", "127.0.0.1:0", "--json",
		"--oi", r.fake.OI() + "=", "--oi", r.fake.For("b").OI() + "=b",
	}, more...)
}

// serve begins one; the secret has to be in the environment.
func (r *rig) serve(more ...string) *serving {
	r.t.Helper()
	return r.serveOn(filepath.Join(r.t.TempDir(), "callbacks.db"), more...)
}

func (r *rig) serveOn(inbox string, more ...string) *serving {
	r.t.Helper()
	ctx, cancel := context.WithCancel(r.t.Context())
	s := &serving{rig: r, inbox: inbox, interrupt: cancel}
	s.command = begin(ctx, strings.NewReader(""), r.serveArgs(inbox, more...)...)
	r.t.Cleanup(func() { cancel(); s.wait(r.t) })
	until(r.t, "it takes notifications", func() bool {
		var said listeningJSON
		line, _, ok := strings.Cut(s.out.String(), "\n")
		select {
		case <-s.done:
			r.t.Fatal(s.errors.String())
		default:
		}
		if ok {
			require.NoError(r.t, json.Unmarshal([]byte(line), &said))
		}
		s.addr = said.Addr
		return ok
	})
	return s
}

// hook is the address that is registered.
func (s *serving) hook() string { return "http://" + s.addr + "/anymarket/" + serveSecret }

// post posts a notification of an order by hand.
func (s *serving) post(path, oi string, id int) int {
	s.t.Helper()
	body := fmt.Sprintf(`{"type":"ORDER","event":"CREATE","content":{"id":%d,"oi":%q}}`, id, oi)
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://"+s.addr+path, strings.NewReader(body))
	require.NoError(s.t, err)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	require.NoError(s.t, err)
	require.NoError(s.t, resp.Body.Close())
	return resp.StatusCode
}

// end interrupts it and returns its last word.
func (s *serving) end() received {
	s.t.Helper()
	s.interrupt()
	got := s.wait(s.t)
	require.Equal(s.t, exit.Done, got.code, got)
	_, last, _ := strings.Cut(strings.TrimSpace(got.out), "\n")
	var said received
	require.NoError(s.t, json.Unmarshal([]byte(last), &said), got)
	require.NoFileExists(s.t, s.inbox+".sock")
	return said
}

// shell is a command that keeps what it is told in a file, one after another.
func shell(t *testing.T, script string) (args []string, told func() string) {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no sh")
	}
	file := filepath.Join(t.TempDir(), "told")
	return []string{"--", "sh", "-c", strings.ReplaceAll(script, "FILE", file)}, func() string {
		b, _ := os.ReadFile(file) // nothing was told if there is none
		return string(b)
	}
}

func TestServeHandsOverToACommand(t *testing.T) {
	t.Setenv(secretVariable, serveSecret)
	r := newRig(t)
	args, told := shell(t, `cat >> FILE; echo seen`)
	s := r.serve(args...)
	r.fake.AddCallback(anymarkettest.Callback{URL: s.hook(), Order: true})
	r.fake.For("b").AddCallback(anymarkettest.Callback{URL: s.hook(), Order: true})
	first, second := r.fake.AddOrder(`{}`), r.fake.For("b").AddOrder(`{}`)
	until(t, "both are handed over", func() bool { return strings.Count(told(), "\n") == 2 })
	of := map[string]notificationJSON{}
	for line := range strings.Lines(told()) {
		var n notificationJSON
		require.NoError(t, json.Unmarshal([]byte(line), &n))
		of[n.Account] = n
	}
	require.Equal(t, fmt.Sprint(first), of[""].ID)
	require.Equal(t, fmt.Sprint(second), of["b"].ID)
	require.Equal(t, callback.TypeOrder, of["b"].Type)
	require.Equal(t, r.fake.For("b").OI(), of["b"].OI)
	require.Equal(t, []string{"CREATE"}, of["b"].Events)
	require.Equal(t, 1, of["b"].Attempt)
	require.False(t, of["b"].ReceivedAt.IsZero())

	require.Equal(t, http.StatusNotFound, s.post("/guessed", r.fake.OI(), 1))
	require.Equal(t, http.StatusForbidden, s.post("/"+serveSecret, "1.", 1))
	until(t, "what is handed over is settled", func() bool { return s.status().Delivered == 2 })
	require.Equal(t, received{
		Taken: 2, Handled: 2, Refused: map[callback.Refusal]uint64{callback.WrongSecret: 1, callback.WrongAccount: 1},
	}, s.end())
	require.Contains(t, s.errors.String(), "seen")
	require.NotContains(t, s.errors.String()+s.out.String(), serveSecret)
}

func (s *serving) status() admin.Status {
	s.t.Helper()
	o, err := admin.Dial(s.t.Context(), s.inbox)
	require.NoError(s.t, err)
	status, err := o.Status(s.t.Context())
	require.NoError(s.t, err)
	require.NoError(s.t, o.Close())
	return status
}

// What fails is tried again, what is refused is a dead letter, which the other
// commands show and requeue, in the process that serves.
func TestServeTriesAgainAndKeepsWhatWasRefused(t *testing.T) {
	t.Setenv(secretVariable, serveSecret)
	r := newRig(t)
	args, told := shell(t, fmt.Sprintf(`read line; echo "$line" >> FILE
case "$line" in
*'"id":"1"'*) [ -e FILE.ready ] || exit %d ;;
*) [ "$(grep -c '"id":"2"' FILE)" -ge 2 ] || exit 1 ;;
esac`, exit.Refused))
	s := r.serve(args...)
	for id := range 2 {
		require.Equal(t, http.StatusOK, s.post("/"+serveSecret, r.fake.OI(), id+1))
	}
	until(t, "the second is tried again", func() bool { return strings.Count(told(), `"id":"2"`) == 2 })
	until(t, "both are settled", func() bool { st := s.status(); return st.Dead == 1 && st.Delivered == 1 })

	got := ctl(t, "", "list", "--outbox", s.inbox, "--state", "dead", "--json")
	dead := decoded[admin.Entry](t, got)
	require.Len(t, dead, 1)
	require.Equal(t, "ORDER 1", dead[0].Key)
	require.Contains(t, dead[0].Reason, "the command refused it")
	require.Contains(t, ctl(t, "", "why", "--outbox", s.inbox, dead[0].ID.String()).out, "refused")
	_, file, _ := strings.Cut(args[3], "[ -e ")
	file, _, _ = strings.Cut(file, " ]")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.Equal(t, exit.Done, ctl(t, "", "requeue", "--outbox", s.inbox, dead[0].ID.String()).code)
	until(t, "it is handed over", func() bool { return s.status().Delivered == 2 })
	require.Equal(t, received{Taken: 2, Handled: 2}, s.end())
	require.Equal(t, exit.Done, ctl(t, "", "check", "--outbox", s.inbox).code)
}

func TestServeHandsOverToAURL(t *testing.T) {
	t.Setenv(secretVariable, "another-of-the-secrets, "+serveSecret)
	r := newRig(t)
	var mu sync.Mutex
	var bodies []string
	status := map[string]int{"1": 500, "2": 422, "3": 302}
	url := program(t, func(w http.ResponseWriter, req *http.Request) {
		b, _ := io.ReadAll(req.Body)
		var n notificationJSON
		_ = json.Unmarshal(b, &n)
		mu.Lock()
		defer mu.Unlock()
		bodies = append(bodies, req.Header.Get("Content-Type")+" "+n.ID)
		if s := status[n.ID]; s != 0 {
			status[n.ID] = 0
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.WriteHeader(s)
		}
	})
	s := r.serve("--post", url+"/orders?key=of-the-program")
	for id := range 4 {
		require.Equal(t, http.StatusOK, s.post("/"+serveSecret, r.fake.OI(), id+1))
	}
	until(t, "all are settled", func() bool { st := s.status(); return st.Dead == 1 && st.Delivered == 3 })
	mu.Lock()
	require.Len(t, bodies, 6, "two were tried again")
	require.Contains(t, bodies, "application/json 4")
	mu.Unlock()
	require.Equal(t, received{Taken: 4, Handled: 3, Dead: 1}, s.end())
	require.NotContains(t, s.errors.String(), "of-the-program")
}

// program is that behind a URL.
func program(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := &http.Server{Handler: h} //nolint:gosec // nobody but the test comes
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		require.NoError(t, s.Close())
		require.ErrorIs(t, <-done, http.ErrServerClosed)
	})
	return "http://" + l.Addr().String()
}

// What ANYMARKET told nobody while nothing took it is brought when serve begins, and
// what a receiver that is killed had is there afterwards.
func TestServeSweepsTheFeeds(t *testing.T) {
	t.Setenv(secretVariable, serveSecret)
	r := newRig(t)
	args, told := shell(t, `cat >> FILE`)
	sweep := append([]string{"--base-url", r.url, "--tokens", r.tokenFile, "--sweep", "order,PRODUCT", "--max-rate", "1000", "--sweep-interval", "100ms"}, args...)
	id := r.fake.AddOrder(`{}`)
	r.fake.For("b").AddFeed("PRODUCT", 5, "")
	s := r.serve(sweep...)
	until(t, "both come", func() bool {
		return strings.Contains(told(), fmt.Sprintf(`"type":"ORDER","id":"%d"`, id)) && strings.Contains(told(), `"account":"b","oi":"`+r.fake.For("b").OI()+`","type":"PRODUCT","id":"5"`)
	})
	require.Len(t, r.fake.Feed("ORDER"), 1, "others may read it")
	require.GreaterOrEqual(t, s.end().Stored, uint64(2))

	s = r.serveOn(s.inbox, append([]string{"--acknowledge"}, sweep...)...)
	until(t, "the feeds are empty", func() bool { return len(r.fake.Feed("ORDER"))+len(r.fake.For("b").Feed("PRODUCT")) == 0 })
	s.end()
}

// One process has the inbox; the signal that ends a service ends it in order, and
// what is being handed over is waited for.
func TestServeAsAService(t *testing.T) {
	t.Setenv(secretVariable, serveSecret)
	r := newRig(t)
	args, told := shell(t, `sleep 1; cat >> FILE`)
	inbox := filepath.Join(t.TempDir(), "callbacks.db")
	child, _, out := r.child(r.serveArgs(inbox, args...)...)
	defer func() { _ = child.Process.Kill() }() // in case the test fails
	require.True(t, out.Scan())
	var said listeningJSON
	require.NoError(t, json.Unmarshal(out.Bytes(), &said))
	s := &serving{rig: r, addr: said.Addr, inbox: inbox}
	got := ctl(t, "", r.serveArgs(inbox, args...)...)
	require.Equal(t, exit.Failed, got.code)
	require.Contains(t, got.errors, "takes notifications already")

	require.Equal(t, http.StatusOK, s.post("/"+serveSecret, r.fake.OI(), 1))
	until(t, "it is being handed over", func() bool { return s.status().InFlight == 1 })
	require.NoError(t, child.Process.Signal(syscall.SIGTERM))
	require.True(t, out.Scan())
	var last received
	require.NoError(t, json.Unmarshal(out.Bytes(), &last))
	require.Equal(t, received{Taken: 1, Handled: 1}, last)
	require.NoError(t, child.Wait())
	require.Equal(t, 1, strings.Count(told(), "\n"))

	child, _, out = r.child(r.serveArgs(inbox, args...)...)
	require.True(t, out.Scan())
	require.NoError(t, json.Unmarshal(out.Bytes(), &said))
	s.addr = said.Addr
	require.Equal(t, http.StatusOK, s.post("/"+serveSecret, r.fake.OI(), 2))
	require.NoError(t, child.Process.Kill())
	_ = child.Wait() // it says that it was killed
	left := decoded[admin.Entry](t, ctl(t, "", "list", "--outbox", inbox, "--json"))
	require.Len(t, left, 1)
	require.Equal(t, "ORDER 2", left[0].Key)
	require.Equal(t, "waiting", left[0].State)
	require.Equal(t, exit.Done, ctl(t, "", "status", "--outbox", inbox).code)
	s = r.serveOn(inbox, args...)
	until(t, "what was answered is handed over", func() bool { return strings.Contains(told(), `"id":"2"`) })
	s.end()
}

func TestServeWronglyUsed(t *testing.T) {
	t.Setenv(tokenVariable, "")
	t.Setenv(secretVariable, serveSecret)
	r := newRig(t)
	inbox := filepath.Join(t.TempDir(), "callbacks.db")
	with := func(more ...string) []string { return r.serveArgs(inbox, more...) }
	for want, args := range map[string][]string{
		"want serve":                   {"callback"},
		"inbox":                        {"callback", "serve", "--oi", "1.=a", "--post", "http://x"},
		"oi":                           {"callback", "serve", "--inbox", inbox, "--post", "http://x"},
		"either --post":                with(),
		"or a command":                 with("--post", "http://x", "--", "sh"),
		"after --":                     with("sh"),
		"http or https":                with("--post", "x"),
		"executable file":              with("--", "no-such-command-here"),
		"oi of its own":                with("--oi", "1.", "--post", "http://x"),
		"such as 999999":               with("--oi", "1.=a", "--oi", "1.=b", "--post", "http://x"),
		`has the oi "1" twice`:         with("--oi", "1=a", "--oi", "1.=b", "--post", "http://x"),
		"--handle-timeout":             with("--handle-timeout", "0", "--post", "http://x"),
		"--max-attempts":               with("--max-attempts", "0", "--post", "http://x"),
		"--max-in-flight":              with("--max-in-flight", "-1", "--post", "http://x"),
		"--drain":                      with("--drain", "-1s", "--post", "http://x"),
		"wants --base-url":             with("--sweep", "order", "--post", "http://x"),
		"which is missing":             with("--base-url", r.url, "--post", "http://x"),
		"--sweep-interval":             with("--base-url", r.url, "--sweep", "order", "--sweep-interval", "0", "--post", "http://x"),
		"--max-rate":                   with("--base-url", r.url, "--sweep", "order", "--max-rate", "0", "--post", "http://x"),
		`has no feed: "QUESTION"`:      with("--base-url", r.url, "--tokens", r.tokenFile, "--sweep", "question", "--post", "http://x"),
		"no token: set ANYMARKET_TOKE": with("--base-url", r.url, "--sweep", "order", "--post", "http://x"),
	} {
		got := ctl(t, "", args...)
		require.Equal(t, exit.Usage, got.code, "%s: %v", want, got)
		require.Contains(t, got.errors, want)
		require.Empty(t, got.out)
	}
	require.Equal(t, exit.Failed, ctl(t, "", with("--addr", "nowhere", "--post", "http://x")...).code)
	t.Setenv(secretVariable, "short")
	require.Contains(t, ctl(t, "", with("--post", "http://x")...).errors, "fewer than 16")
	t.Setenv(secretVariable, "")
	require.Contains(t, ctl(t, "", with("--post", "http://x")...).errors, "no secret: set "+secretVariable)
}
