package callback_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/callback"
)

// A receiver behind a server. Of two notifications of an order that came before
// either was handled, the program sees one.
func ExampleReceiver() {
	dir, err := os.MkdirTemp("", "callback")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	handled := make(chan struct{})
	r, err := callback.Open(callback.Config{
		Inbox:    filepath.Join(dir, "callbacks.db"),
		Secrets:  []string{"tr0ub4dor-and-3-more"}, // of the program's own, from its settings
		Accounts: map[string]string{"999999.": "shop"},
		Handle: func(_ context.Context, n callback.Notification) error {
			fmt.Println(n.Account, n.Type, n.ResourceID(), n.Events) // read the order, and store it
			handled <- struct{}{}
			return nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	server := httptest.NewServer(r) // else an http.Server with ReadHeaderTimeout and TLS
	defer server.Close()

	post := func(path, body string) {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, server.URL+path, strings.NewReader(body))
		if err != nil {
			fmt.Println(err)
			return
		}
		resp, err := server.Client().Do(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		defer resp.Body.Close()
		fmt.Println(resp.Status)
	}
	post("/anymarket/tr0ub4dor-and-3-more", `{"type":"ORDER","event":"PENDING","content":{"id":"70001","oi":"999999."}}`)
	post("/anymarket/tr0ub4dor-and-3-more", `{"type":"ORDER","event":"CANCELED","content":{"id":"70001","oi":"999999."}}`)
	post("/anymarket/guessed", `{"type":"ORDER","content":{"id":"70001","oi":"999999."}}`)

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go r.Run(ctx)
	<-handled
	fmt.Println(r.Stats().Refused)
	// Output:
	// 200 OK
	// 200 OK
	// 404 Not Found
	// shop ORDER 70001 [PENDING CANCELED]
	// map[wrong secret:1]
}

// A guardian registers again what was lost in a maintenance.
func ExampleGuardian_Repair() {
	s := anymarkettest.New(anymarkettest.Options{}) // stands for ANYMARKET
	defer s.Close()
	dir, err := os.MkdirTemp("", "callback")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	token, err := api.StaticToken(s.Token())
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := api.New(api.Config{BaseURL: s.URL, Transport: s.Transport(), Token: token})
	if err != nil {
		fmt.Println(err)
		return
	}
	g, err := callback.NewGuardian(callback.GuardianConfig{Registry: client.Callbacks(), Memory: filepath.Join(dir, "callbacks.json")})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	id := s.AddCallback(anymarkettest.Callback{URL: "https://erp.example/anymarket/tr0ub4dor-and-3-more", Order: true})
	fmt.Println(g.Remember(ctx))
	s.RemoveCallback(id)
	for _, compare := range []func(context.Context) (callback.Comparison, error){g.Check, g.Repair, g.Check} {
		c, err := compare(ctx)
		fmt.Println(c.OK(), err)
		for _, d := range c.Differences {
			fmt.Println(d.Kind, d.Address, d.Reason)
		}
	}
	// Output:
	// 1 <nil>
	// false <nil>
	// missing https://erp.example/[hidden] it is not registered any more: repair it, or remember what is registered now
	// true <nil>
	// missing https://erp.example/[hidden] it was not registered any more, and was registered again
	// true <nil>
}

// A sweeper brings what ANYMARKET gave up telling to the receiver.
func ExampleSweeper() {
	s := anymarkettest.New(anymarkettest.Options{}) // stands for ANYMARKET
	defer s.Close()
	s.AddFeed("PRODUCT", 42, "") // nobody answered its callbacks
	dir, err := os.MkdirTemp("", "callback")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	handled := make(chan struct{})
	r, err := callback.Open(callback.Config{
		Inbox:    filepath.Join(dir, "callbacks.db"),
		Secrets:  []string{"tr0ub4dor-and-3-more"},
		Accounts: map[string]string{s.OI(): "shop"},
		Handle: func(_ context.Context, n callback.Notification) error {
			fmt.Println(n.Account, n.Type, n.ResourceID())
			close(handled)
			return nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	token, err := api.StaticToken(s.Token())
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := api.New(api.Config{BaseURL: s.URL, Transport: s.Transport(), Token: token})
	if err != nil {
		fmt.Println(err)
		return
	}
	sweeper, err := callback.NewSweeper(callback.SweeperConfig{
		Receiver: r, Feeds: client.Feeds(), OI: s.OI(), Types: []callback.Type{callback.TypeProduct}, Acknowledge: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	swept, err := sweeper.Sweep(ctx) // a program calls Run, and Wake when a window has ended
	fmt.Println(swept.Stored, swept.Acknowledged, err)
	go r.Run(ctx)
	<-handled
	// Output:
	// 1 1 <nil>
	// shop PRODUCT 42
}
