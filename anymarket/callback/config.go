package callback

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

// Config says what a receiver needs to know. Inbox, Secrets, Accounts and Handle
// are required; the zero value of everything else is a sensible default.
type Config struct {
	// Inbox is the path of the file that keeps notifications, made anew if there
	// is none. It is an outbox file of its own: one process at a time may have it
	// open.
	Inbox string
	// Secrets are what the last segment of the path may be: at least 16 letters,
	// digits, and -._~ each. There is more than one while one is being replaced.
	Secrets []string
	// Accounts are the accounts whose notifications are taken: their names by
	// their oi, as in content.oi of a notification. A dot at its end may be left
	// out.
	Accounts map[string]string
	// Handle is given each notification. It is called by several goroutines at
	// once, never twice at once for one resource, and must return soon after its
	// context ends. Its error has it called again later, see the package's
	// promises; the text is stored and shown to people: no credential, no buyer
	// data.
	Handle func(ctx context.Context, n Notification) error

	// MaxBody is the largest body in bytes; defaults to 64 KiB, at most 1 MiB.
	MaxBody int64
	// BodyTimeout is how long a body may take to arrive; defaults to 5 s. The
	// time for headers is the server's, see [http.Server].
	BodyTimeout time.Duration
	// MaxRate is how many notifications a second are taken, with a second's
	// worth at once; defaults to 2000.
	MaxRate float64
	// MaxBytes is the most room in bytes that the inbox may take, half of it for
	// the history; zero is no limit but the disk's, and 1 GiB of history.
	MaxBytes int64
	// Keys seal the bodies of notifications in the file, each of
	// [outbox.KeySize] random bytes: the first one seals, the others open what they
	// sealed. Without them bodies are stored as they are. See package outbox.
	Keys [][]byte

	// MaxInFlight is how many notifications are handled at once; defaults to 16.
	MaxInFlight int
	// HandleTimeout bounds one call of Handle; defaults to 1 min.
	HandleTimeout time.Duration
	// MaxAttempts is after how many failures of its own fault a notification is a
	// dead letter; defaults to 20, which takes about an hour.
	MaxAttempts int
	// DrainTimeout is how long [Receiver.Run] and [Receiver.Close] wait for what
	// is being handled; defaults to 30 s.
	DrainTimeout time.Duration

	// Observer is told what becomes of notifications, see package outbox. It must
	// return quickly.
	Observer func(outbox.Event)
	// Logger defaults to none.
	Logger *slog.Logger
}

const (
	defaultMaxBody       = 64 << 10
	largestMaxBody       = 1 << 20
	defaultBodyTimeout   = 5 * time.Second
	defaultMaxRate       = 2000
	defaultMaxInFlight   = 16
	defaultHandleTimeout = time.Minute
	defaultMaxAttempts   = 20
	defaultDrainTimeout  = 30 * time.Second

	// shortestSecret has 80 bits even if it is of hexadecimal digits and half of
	// it is guessed.
	shortestSecret = 16
)

// filled returns a copy with defaults. All that is wrong is named in the error,
// as [*api.FieldError] values joined.
func (c Config) filled() (Config, error) {
	var errs []error
	refuse := func(bad bool, field, reason string) {
		if bad {
			errs = append(errs, &api.FieldError{Field: field, Reason: reason})
		}
	}
	refuse(c.Inbox == "", "Inbox", "is missing: it is the path of the file that keeps notifications")
	refuse(c.Handle == nil, "Handle", "is missing")
	refuse(len(c.Secrets) == 0, "Secrets", "is missing: the last segment of the callback's path")
	for i, s := range c.Secrets {
		field := fmt.Sprintf("Secrets[%d]", i)
		refuse(len(s) < shortestSecret, field, fmt.Sprintf("has fewer than %d characters", shortestSecret))
		refuse(strings.Trim(s, unreserved) != "", field, "has other characters than letters, digits and -._~")
	}
	refuse(len(c.Accounts) == 0, "Accounts", "is missing: the names of the accounts by their oi")
	seen := map[string]bool{}
	for oi := range c.Accounts {
		plain := plainOI(oi)
		refuse(plain == "", "Accounts", "has an empty oi")
		refuse(seen[plain], "Accounts", fmt.Sprintf("has the oi %q twice", plain))
		seen[plain] = true
	}
	refuse(c.MaxBody < 0 || c.MaxBody > largestMaxBody, "MaxBody", fmt.Sprintf("is not between 0 and %d", largestMaxBody))
	refuse(!(c.MaxRate >= 0), "MaxRate", "is negative or no number")
	refuse(c.MaxBytes < 0, "MaxBytes", "is negative")
	for i, key := range c.Keys {
		refuse(len(key) != outbox.KeySize, fmt.Sprintf("Keys[%d]", i), fmt.Sprintf("has %d bytes, want %d", len(key), outbox.KeySize))
	}
	refuse(c.MaxInFlight < 0, "MaxInFlight", "is negative")
	refuse(c.MaxAttempts < 0, "MaxAttempts", "is negative")
	refuse(c.BodyTimeout < 0, "BodyTimeout", "is negative")
	refuse(c.HandleTimeout < 0, "HandleTimeout", "is negative")
	refuse(c.DrainTimeout < 0, "DrainTimeout", "is negative")
	orDefault(&c.MaxBody, defaultMaxBody)
	orDefault(&c.BodyTimeout, defaultBodyTimeout)
	orDefault(&c.MaxRate, defaultMaxRate)
	orDefault(&c.MaxInFlight, defaultMaxInFlight)
	orDefault(&c.HandleTimeout, defaultHandleTimeout)
	orDefault(&c.MaxAttempts, defaultMaxAttempts)
	orDefault(&c.DrainTimeout, defaultDrainTimeout)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, errors.Join(errs...)
}

// unreserved characters mean themselves in a path.
const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

// plainOI is an oi without the dot at its end, which some leave out.
func plainOI(oi string) string { return strings.TrimSuffix(oi, ".") }

func orDefault[T comparable](v *T, d T) {
	var none T
	if *v == none {
		*v = d
	}
}
