package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/anymarket/callback"
	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

// secretVariable holds what the path of the callback ends with.
const secretVariable = "ANYMARKET_CALLBACK_SECRET"

func callbackCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "callback",
		Short: "Take ANYMARKET's callbacks",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return usage("callback: want serve") },
	}
	c.AddCommand(serveCallbackCommand())
	return c
}

// receiving is a run of callback serve.
type receiving struct {
	inbox, addr, post string
	accounts          []string // OI=ACCOUNT
	command           []string
	timeout, drain    time.Duration
	inFlight          int
	attempts          int
	sweep             sweepFlags
	keys              keyFile

	names map[string]string // of accounts by their oi
}

func serveCallbackCommand() *cobra.Command {
	r := new(receiving)
	c := &cobra.Command{
		Use:   "serve --inbox FILE --oi OI=ACCOUNT (--post URL | -- COMMAND [ARG...])",
		Short: "Take callbacks, and hand them over to a command or a URL, until interrupted",
		Long: `Take ANYMARKET's callbacks, and hand them over to a command or a URL, until
interrupted. A notification is answered when it is in the file --inbox, whatever
becomes of it; one that cannot be handed over is tried again, and is a dead letter
after --max-attempts that were its own fault. The other commands look at the file and
operate it like an outbox, with --outbox and its name.

The registered address is https://your.host/any/path/SECRET, where the secret, of 16
letters or digits at least, is in ` + secretVariable + `; two of them, with a comma
between, while one is being replaced. The TLS is that of a proxy before it.

With --sweep it also brings, when it begins and every --sweep-interval, what ANYMARKET
put into its feeds because it could tell nobody.`,
		Example: `  ` + secretVariable + `=... anymarketctl callback serve --inbox callbacks.db --oi 999999.= \
    --base-url https://api.anymarket.com.br/v2 --sweep order --acknowledge -- ./import-order`,
		RunE: func(c *cobra.Command, args []string) error {
			if err := r.check(c, args); err != nil {
				return err
			}
			return r.run(c)
		},
	}
	f := c.Flags()
	f.StringVar(&r.inbox, "inbox", "", "the `FILE` that keeps notifications, made if there is none")
	must(c.MarkFlagRequired("inbox"))
	f.StringArrayVar(&r.accounts, "oi", nil, "`OI=ACCOUNT`: the account whose notifications have this oi; without a name the default one; may be given again")
	must(c.MarkFlagRequired("oi"))
	f.StringVar(&r.addr, "addr", "127.0.0.1:8080", "`ADDRESS` to listen on")
	f.StringVar(&r.post, "post", "", "the `URL` that each notification is posted to, as JSON")
	f.DurationVar(&r.timeout, "handle-timeout", time.Minute, "how long the command or the URL may take")
	f.DurationVar(&r.drain, "drain", 30*time.Second, "how long to wait for what is being handed over at the end")
	f.IntVar(&r.inFlight, "max-in-flight", 16, "how many notifications are handed over at once")
	f.IntVar(&r.attempts, "max-attempts", 20, "after how many failures of its own fault a notification is a dead letter")
	r.keys.bind(c)
	r.sweep.bind(c)
	return c
}

// check refuses what cannot be meant.
func (r *receiving) check(c *cobra.Command, args []string) error {
	dash := c.ArgsLenAtDash()
	if len(args) > 0 && dash != 0 {
		return usage("%q: want the command after --", args[0])
	}
	if r.command = args; (len(args) == 0) == (r.post == "") {
		return usage("want either --post, or a command after --")
	}
	if r.post != "" {
		if u, err := url.Parse(r.post); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return usage("--post: want an http or https address")
		}
	} else if _, err := exec.LookPath(r.command[0]); err != nil {
		return usage("%w", err)
	}
	r.names = map[string]string{}
	for _, pair := range r.accounts {
		oi, account, ok := strings.Cut(pair, "=")
		if _, twice := r.names[oi]; !ok || oi == "" || twice {
			return usage("--oi: %q, want an oi of its own and an account, such as 999999.=shop", pair)
		}
		r.names[oi] = account
	}
	for _, f := range []struct {
		name string
		bad  bool
	}{
		{"handle-timeout", r.timeout <= 0},
		{"drain", r.drain < 0},
		{"max-in-flight", r.inFlight <= 0},
		{"max-attempts", r.attempts <= 0},
	} {
		if f.bad {
			return usage("--%s: %s cannot be", f.name, c.Flags().Lookup(f.name).Value)
		}
	}
	return r.sweep.check()
}

// secrets are those of the environment.
func secrets() []string {
	return strings.FieldsFunc(os.Getenv(secretVariable), func(r rune) bool { return r == ',' || r == ' ' })
}

func (r *receiving) run(c *cobra.Command) (err error) {
	ctx, log := c.Context(), newLogger(c)
	if len(secrets()) == 0 {
		return usage("no secret: set %s", secretVariable)
	}
	handle := toCommand(r.command, c.ErrOrStderr())
	if r.post != "" {
		client := handOverClient()
		defer client.CloseIdleConnections()
		handle = toURL(client, r.post)
	}
	keys, err := r.keys.read()
	if err != nil {
		return err
	}
	config := callback.Config{
		Inbox: r.inbox, Keys: keys, Secrets: secrets(), Accounts: r.names, Handle: handle, Logger: log,
		MaxInFlight: r.inFlight, MaxAttempts: r.attempts, HandleTimeout: r.timeout, DrainTimeout: max(r.drain, time.Nanosecond),
	}
	inbox, err := openInbox(ctx, log, config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, inbox.Close()) }()
	sweepers, end, err := r.sweep.sweepers(inbox, r.names, log)
	if err != nil {
		return err
	}
	defer end()
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", r.addr)
	if err != nil {
		return err
	}
	if runtime.GOOS != "windows" { // which has no socket
		socket, err := admin.Open(r.inbox, admin.NewHandler(inbox.Inbox(), admin.Delivery{}), log)
		if err != nil {
			return errors.Join(err, l.Close())
		}
		defer func() { err = errors.Join(err, socket.Close()) }()
	}
	if err := printListening(c, l.Addr()); err != nil {
		return errors.Join(err, l.Close())
	}
	before := inbox.Inbox().Stats()
	if err := receive(ctx, l, inbox, sweepers, log); err != nil {
		return err
	}
	return printReceived(c, inbox, before)
}

// openInbox opens the receiver, after a process that looks at its inbox.
func openInbox(ctx context.Context, log *slog.Logger, config callback.Config) (*callback.Receiver, error) {
	return whenFree(ctx, log, func() (*callback.Receiver, error) {
		r, err := callback.Open(config) //nolint:contextcheck // it takes none: opening is one scan of the file
		var locked *outbox.LockedError
		if !errors.As(err, &locked) {
			return r, asUsage(needsKeys(err))
		}
		other, dialled := admin.Dial(ctx, config.Inbox)
		if dialled != nil {
			return nil, err // it may be about to end
		}
		return nil, errors.Join(fmt.Errorf("%s; it takes notifications already", err), other.Close()) //nolint:errorlint // it is not to be waited for
	})
}

// receive serves until ctx ends. It returns when nothing more is taken or handed
// over.
func receive(ctx context.Context, l net.Listener, inbox *callback.Receiver, sweepers []*callback.Sweeper, log *slog.Logger) error {
	server := &http.Server{
		Handler: inbox, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var (
		running sync.WaitGroup
		mu      sync.Mutex
		errs    []error
	)
	run := func(f func() error) {
		running.Go(func() {
			defer stop() // none goes on without the others
			if err := f(); err != nil && !errors.Is(err, http.ErrServerClosed) {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	}
	run(func() error { return server.Serve(l) })
	run(func() error { return inbox.Run(ctx) })
	for _, s := range sweepers {
		run(func() error { return s.Run(ctx) })
	}
	<-ctx.Done()
	moment, cancel := lingering(ctx)
	defer cancel()
	if err := server.Shutdown(moment); err != nil {
		errs = append(errs, server.Close())
	}
	running.Wait()
	return errors.Join(errs...)
}

// listeningJSON is what serve says once it takes notifications.
type listeningJSON struct {
	Addr string `json:"addr"`
}

func printListening(c *cobra.Command, addr net.Addr) error {
	if asJSON(c) {
		return printJSON(c.OutOrStdout(), listeningJSON{addr.String()})
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "taking notifications at http://%s/SECRET, until interrupted\n", addr)
	return err
}

// received is how serve ends.
type received struct {
	Taken   uint64                      `json:"taken"`  // of ANYMARKET
	Stored  uint64                      `json:"stored"` // from feeds
	Refused map[callback.Refusal]uint64 `json:"refused,omitempty"`
	Handled uint64                      `json:"handled"`
	Dead    uint64                      `json:"dead"`    // in the whole inbox
	Waiting uint64                      `json:"waiting"` // likewise
}

func printReceived(c *cobra.Command, inbox *callback.Receiver, before outbox.Stats) error {
	stats, now := inbox.Stats(), inbox.Inbox().Stats()
	said := received{
		Taken: stats.Taken, Stored: stats.Stored, Refused: stats.Refused,
		Handled: now.Delivered - before.Delivered, Dead: now.Dead, Waiting: now.Waiting,
	}
	if asJSON(c) {
		return printJSON(c.OutOrStdout(), said)
	}
	refused := uint64(0)
	for _, n := range said.Refused {
		refused += n
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "%d taken, %d from feeds, %d refused, %d handed over, %d dead letters, %d left waiting\n",
		said.Taken, said.Stored, refused, said.Handled, said.Dead, said.Waiting)
	return err
}
