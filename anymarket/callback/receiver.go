package callback

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/anymarket-go/sdk/outbox"
)

// Receiver takes notifications. It is safe for concurrent use. It takes them as
// soon as it is open; [Receiver.Run] hands them over.
type Receiver struct {
	config   Config
	inbox    *outbox.Outbox
	limit    *rate.Limiter
	secrets  []digest
	accounts map[digest]string
	counts   counts
	holds    holds
	// mergedBefore are those of the file from before it was opened.
	mergedBefore uint64
}

// growth is how much longer a body may be when it is stored: JSON escapes take six
// bytes for one.
const growth = 6

// linger is how long a connection lives on whose request was refused.
const linger = time.Second

// digest is compared in constant time, whatever the length of what it is of.
type digest [sha256.Size]byte

// Open opens the inbox. Nothing is handed over before [Receiver.Run]. The caller
// closes the receiver.
//
// Errors are [*api.FieldError] values for what is wrong with the configuration,
// an [*outbox.LockedError] if another process has the inbox, and what else
// [outbox.Open] returns.
func Open(config Config) (*Receiver, error) {
	config, err := config.filled()
	if err != nil {
		return nil, err
	}
	r := &Receiver{
		config:   config,
		limit:    rate.NewLimiter(rate.Limit(config.MaxRate), max(1, int(config.MaxRate))),
		accounts: map[digest]string{},
	}
	for _, s := range config.Secrets {
		r.secrets = append(r.secrets, sha256.Sum256([]byte(s)))
	}
	r.config.Secrets = nil // what is compared are their digests
	for oi, account := range config.Accounts {
		r.accounts[sha256.Sum256([]byte(plainOI(oi)))] = account
	}
	r.inbox, err = outbox.Open(config.Inbox, r.options())
	if err != nil {
		return nil, fmt.Errorf("open inbox %s: %w", config.Inbox, err)
	}
	r.mergedBefore = r.inbox.Stats().Superseded
	return r, nil
}

// options make an outbox whose gate is always open: no window, no canary, no
// pace, and a handler that never blames its host.
func (r *Receiver) options() outbox.Options {
	const (
		noPace = 1e6
		// idle is the longest pause after a failure that was not the
		// notification's own fault.
		idle = time.Minute
		// names of what is stored, and the events of those that were merged.
		names = 16 << 10
	)
	return outbox.Options{
		Kinds:          kinds(r.deliver),
		CanaryInterval: idle,
		// Nothing is applied late: what was being handled in a crash died with it.
		LateApply: time.Nanosecond,
		StartRate: noPace, MaxRate: noPace,
		Keys:         r.config.Keys,
		MaxBody:      growth*int(r.config.MaxBody) + names,
		MaxBytes:     r.config.MaxBytes,
		HistoryBytes: r.config.MaxBytes / 2, // what was handled must not keep out what comes
		MaxAttempts:  r.config.MaxAttempts,
		MaxInFlight:  r.config.MaxInFlight,
		DrainTimeout: r.config.DrainTimeout,
		Observer:     r.config.Observer, Logger: r.config.Logger,
	}
}

// Run hands notifications over until ctx ends or the receiver is closed. It then
// waits at most Config.DrainTimeout for what is being handled, ends the contexts
// of what is left, and returns when all its goroutines have ended. Errors are
// those of [outbox.Outbox.Run].
func (r *Receiver) Run(ctx context.Context) error { return r.inbox.Run(ctx) }

// Close is [Receiver.Shutdown] with Config.DrainTimeout of patience.
func (r *Receiver) Close() error { return r.inbox.Close() }

// Shutdown stops: notifications are answered 503, what is being handled is waited
// for until ctx ends, everything is recorded, the file is closed. What was not
// handled waits in it. It returns when every goroutine has ended. It is safe to
// call again.
func (r *Receiver) Shutdown(ctx context.Context) error { return r.inbox.Shutdown(ctx) }

// Abort ends as a crash would, see [outbox.Outbox.Abort].
func (r *Receiver) Abort() { r.inbox.Abort() }

// Inbox keeps the notifications: for statistics, dead letters, history and the
// acts of an operator. It is run and closed by the receiver alone.
func (r *Receiver) Inbox() *outbox.Outbox { return r.inbox }

// Stats returns what the receiver did since it was opened.
func (r *Receiver) Stats() Stats {
	s := r.counts.stats()
	s.Merged = r.inbox.Stats().Superseded - r.mergedBefore
	return s
}

// ServeHTTP answers 200 once the notification is on disk, else as its [Refusal]
// says. The last segment of the path is the secret; what is before it is the
// program's own affair.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	why := r.take(w, req)
	if why == "" {
		w.WriteHeader(http.StatusOK)
		return
	}
	r.counts.refuse(why)
	h := w.Header()
	h.Set("Connection", "close")
	// The server takes what is left of the body after the answer, so that this is
	// not lost by a reset; but it need not wait for all of it.
	limitReads(w, linger)
	switch why {
	case WrongMethod:
		h.Set("Allow", http.MethodPost)
	case TooMany, NotStored:
		h.Set("Retry-After", "1")
	default:
	}
	http.Error(w, string(why), why.Status())
}

// take stores a notification, or says why not.
func (r *Receiver) take(w http.ResponseWriter, req *http.Request) Refusal {
	ctx := req.Context()
	switch {
	case !r.isSecret(req.URL.Path):
		return WrongSecret
	case req.Method != http.MethodPost:
		return WrongMethod
	case !r.limit.Allow():
		return TooMany
	case req.ContentLength > r.config.MaxBody:
		return r.refuse(ctx, TooLarge, nil)
	}
	body, why, err := r.read(w, req)
	if why != "" {
		return r.refuse(ctx, why, err)
	}
	n, err := parse(body)
	if err != nil {
		return r.refuse(ctx, Malformed, err)
	}
	account, ok := r.account(n.OI)
	if !ok {
		return r.refuse(ctx, WrongAccount, nil)
	}
	if err := r.accept(ctx, n, account); err != nil {
		return r.refuse(ctx, NotStored, err)
	}
	r.counts.take(n.Type.known())
	return ""
}

// refuse logs a refusal of somebody who knows the secret, at most Config.MaxRate a
// second; the others are only counted.
func (r *Receiver) refuse(ctx context.Context, why Refusal, err error) Refusal {
	level := slog.LevelWarn
	if why == NotStored {
		level = slog.LevelError
	}
	attrs := []slog.Attr{slog.String("why", string(why))}
	if err != nil {
		attrs = append(attrs, errAttr(err))
	}
	r.config.Logger.LogAttrs(ctx, level, "notification refused", attrs...)
	return why
}

// isSecret looks at all secrets, whichever fits, so that the time tells nothing.
func (r *Receiver) isSecret(path string) bool {
	path = strings.TrimSuffix(path, "/")
	given := digest(sha256.Sum256([]byte(path[strings.LastIndexByte(path, '/')+1:])))
	found := 0
	for _, s := range r.secrets {
		found |= subtle.ConstantTimeCompare(given[:], s[:])
	}
	return found == 1
}

// account looks at all accounts, for the same reason.
func (r *Receiver) account(oi string) (name string, ok bool) {
	given := digest(sha256.Sum256([]byte(plainOI(oi))))
	for d, account := range r.accounts {
		if subtle.ConstantTimeCompare(given[:], d[:]) == 1 {
			name, ok = account, true
		}
	}
	return name, ok
}

// read reads a body within its bounds.
func (r *Receiver) read(w http.ResponseWriter, req *http.Request) ([]byte, Refusal, error) {
	limitReads(w, r.config.BodyTimeout)
	// The server goes on reading, to notice when the caller is gone.
	defer limitReads(w, 0)
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, r.config.MaxBody))
	var (
		large   *http.MaxBytesError
		network net.Error
	)
	switch {
	case err == nil:
		return body, "", nil
	case errors.As(err, &large):
		return nil, TooLarge, nil
	case errors.As(err, &network) && network.Timeout():
		return nil, Slow, nil
	default:
		return nil, Malformed, err
	}
}

// limitReads bounds what is read from a connection from now on; zero ends that.
func limitReads(w http.ResponseWriter, d time.Duration) {
	var until time.Time
	if d > 0 {
		until = time.Now().Add(d)
	}
	// A writer that knows no deadlines is not a server's, and its reads do not wait.
	_ = http.NewResponseController(w).SetReadDeadline(until)
}

func typeAttr(t Type) slog.Attr   { return slog.String("type", string(t)) }
func idAttr(id string) slog.Attr  { return slog.String("id", id) }
func errAttr(err error) slog.Attr { return slog.Any("err", err) }
