package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// Options configure an outbox. The zero value of each field but Kinds is usable.
type Options struct {
	// Kinds are what the outbox can deliver. Stored entries of other kinds are
	// kept and parked.
	Kinds []Kind

	// Weights are the shares of the groups, index 0 for group 1. Defaults to
	// 8, 4, 4, 2, 1, 1, 1, 1.
	Weights [MaxGroup]int

	// Canary makes a cheap read that tests whether a host is back, with the
	// given account. An answer that came from the host itself (Delivered,
	// Rejected, Failed, Throttled, Unauthorized) is a sign of life. Without it
	// entries themselves are the probes, a window ends at its planned end, and
	// all time counts as time during which the host is proven up.
	Canary func(ctx context.Context, host, account string) Answer
	// CanaryInterval is the time between canaries; defaults to 30 s.
	CanaryInterval time.Duration
	// Windows returns the window in force for a host. It is asked often and
	// must be quick.
	Windows func(host string, now time.Time) (Window, bool)

	// Keys seal the bodies of entries in the file with AES-256-GCM, each of
	// [KeySize] random bytes. The first one seals, the others open what they
	// sealed; see [Outbox.Reseal] for leaving one out again. Use a key for at
	// most four billion bodies. What is stored without keys stays readable.
	// Without keys bodies are stored as they are. Lane keys, once-keys and reasons
	// are never sealed.
	Keys [][]byte

	// MaxBody is the largest body in bytes; defaults to 1 MiB.
	MaxBody int
	// MaxAttempts is after how many attempts of its own fault an entry is a
	// dead letter; defaults to 8.
	MaxAttempts int
	// MinBackoff and MaxBackoff bound the pause after a failed attempt;
	// default to 1 s and 5 min.
	MinBackoff, MaxBackoff time.Duration

	// LateApply is how long after the client gave up a request may still be
	// applied; defaults to 5 min 30 s. LookupLag is how long an effect may
	// stay hidden from look-ups; defaults to 1 min. Both count time during
	// which the host is proven up. An outage that begins and ends between two
	// signs of life at most two canary intervals apart is not noticed, so leave
	// that margin.
	LateApply, LookupLag time.Duration

	// Stale is how long an absolute value may wait before its kind's Refresh
	// is asked; defaults to 10 min. RefreshTimeout bounds that; defaults to 30 s.
	Stale, RefreshTimeout time.Duration

	// StartRate and MaxRate bound the pace of an account in calls a second;
	// default to 1 and 10.
	StartRate, MaxRate float64
	// MaxInFlight is the most calls on the wire at once; defaults to 16.
	MaxInFlight int
	// MaxRetryAfter caps what a Retry-After can ask for; defaults to 15 min.
	MaxRetryAfter time.Duration

	// OnceRetention is how long the key of a settled creation is remembered;
	// defaults to 90 days.
	OnceRetention time.Duration
	// HistoryRetention and HistoryBytes bound the history; default to 30 days
	// and 1 GiB.
	HistoryRetention time.Duration
	HistoryBytes     int64

	// MaxBytes is the most room in bytes that stored data may take; zero is no
	// limit. MinFree is the free disk space in bytes below which nothing is
	// accepted; defaults to 64 MiB, negative is none.
	MaxBytes, MinFree int64

	// Restored says that the file is a copy from earlier: creations are looked
	// up before they are sent, absolute values found at opening are refreshed,
	// or parked if their kind cannot.
	Restored bool

	// DrainTimeout is how long Run waits for calls on the wire once its
	// context ends; defaults to 30 s.
	DrainTimeout time.Duration

	// MaxDueAge is the age of the oldest due entry that raises an alarm;
	// defaults to 30 min.
	MaxDueAge time.Duration

	// Observer is told what happens, in order, outside any lock. It must
	// return quickly and must not wait on the outbox.
	Observer func(Event)
	// Logger defaults to none.
	Logger *slog.Logger
}

// Window is a planned time without service.
type Window struct {
	Name  string    `json:"name,omitempty"`
	Start time.Time `json:"start,omitzero"`
	End   time.Time `json:"end,omitzero"`
}

func (o Options) withDefaults() Options {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&o.CanaryInterval, 30*time.Second)
	def(&o.MinBackoff, time.Second)
	def(&o.MaxBackoff, 5*time.Minute)
	def(&o.LateApply, 5*time.Minute+30*time.Second)
	def(&o.LookupLag, time.Minute)
	def(&o.Stale, 10*time.Minute)
	def(&o.RefreshTimeout, 30*time.Second)
	def(&o.MaxRetryAfter, 15*time.Minute)
	def(&o.OnceRetention, 90*24*time.Hour)
	def(&o.HistoryRetention, 30*24*time.Hour)
	def(&o.DrainTimeout, 30*time.Second)
	def(&o.MaxDueAge, 30*time.Minute)
	if o.Weights == ([MaxGroup]int{}) {
		o.Weights = [MaxGroup]int{8, 4, 4, 2, 1, 1, 1, 1}
	}
	if o.MaxBody == 0 {
		o.MaxBody = 1 << 20
	}
	if o.MaxAttempts == 0 {
		o.MaxAttempts = 8
	}
	if o.StartRate == 0 {
		o.StartRate = 1
	}
	if o.MaxRate == 0 {
		o.MaxRate = 10
	}
	if o.MaxInFlight == 0 {
		o.MaxInFlight = 16
	}
	if o.HistoryBytes == 0 {
		o.HistoryBytes = 1 << 30
	}
	if o.MinFree == 0 {
		o.MinFree = 64 << 20
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	kinds := make([]Kind, len(o.Kinds))
	for i, k := range o.Kinds {
		if k.Family == "" {
			k.Family = k.Name
		}
		if k.Group == 0 {
			k.Group = 1
		}
		if k.MaxBatch == 0 {
			k.MaxBatch = 1
		}
		kinds[i] = k
	}
	o.Kinds = kinds
	return o
}

// validate wants the defaults filled in.
func (o Options) validate() error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w option %s", ErrInvalid, fmt.Sprintf(format, args...))
	}
	families := map[string]Class{}
	names := map[string]bool{}
	for _, k := range o.Kinds {
		switch {
		case k.Name == "" || len(k.Name) > maxName || len(k.Family) > maxName:
			return bad("Kinds: name and family want 1 to %d bytes, got %q and %q", maxName, k.Name, k.Family)
		case names[k.Name]:
			return bad("Kinds: %s is named twice", k.Name)
		case k.Class < Absolute || k.Class > Step:
			return bad("Kinds: %s has %s", k.Name, k.Class)
		case k.Deliver == nil:
			return bad("Kinds: %s has no Deliver", k.Name)
		case k.Group > MaxGroup:
			return bad("Kinds: %s has group %d, the highest is %d", k.Name, k.Group, MaxGroup)
		case k.MaxBatch < 1 || k.MaxBatch > maxBatch:
			return bad("Kinds: %s has MaxBatch %d, want 1 to %d", k.Name, k.MaxBatch, maxBatch)
		case k.MaxBatch > 1 && k.Class != Absolute:
			return bad("Kinds: %s is of class %s, only absolute kinds go in batches", k.Name, k.Class)
		case (k.Merge != nil || k.Refresh != nil) && k.Class != Absolute:
			return bad("Kinds: %s is of class %s, Merge and Refresh are for absolute kinds", k.Name, k.Class)
		case k.Resolve != nil && k.Class == Absolute:
			return bad("Kinds: %s is absolute, Resolve is for once and step", k.Name)
		case k.Fields != nil && k.Class != Once:
			return bad("Kinds: %s is of class %s, Fields is for once", k.Name, k.Class)
		}
		names[k.Name] = true
		if c, ok := families[k.Family]; ok && (c == Absolute || k.Class == Absolute) {
			return bad("Kinds: family %s of the absolute kind among its kinds has more than one", k.Family)
		}
		families[k.Family] = k.Class
	}
	for i, w := range o.Weights {
		if w < 1 {
			return bad("Weights: group %d has %d, want at least 1", i+1, w)
		}
	}
	for name, d := range map[string]time.Duration{
		"CanaryInterval": o.CanaryInterval, "MinBackoff": o.MinBackoff, "LateApply": o.LateApply, "LookupLag": o.LookupLag,
		"Stale": o.Stale, "RefreshTimeout": o.RefreshTimeout, "MaxRetryAfter": o.MaxRetryAfter, "OnceRetention": o.OnceRetention,
		"HistoryRetention": o.HistoryRetention, "DrainTimeout": o.DrainTimeout, "MaxDueAge": o.MaxDueAge,
	} {
		if d < 0 {
			return bad("%s is negative", name)
		}
	}
	switch {
	case o.MaxBackoff < o.MinBackoff:
		return bad("MaxBackoff %s is below MinBackoff %s", o.MaxBackoff, o.MinBackoff)
	case o.MaxBody < 1 || o.MaxBody > maxBody:
		return bad("MaxBody %d, want 1 to %d", o.MaxBody, maxBody)
	case o.MaxAttempts < 1:
		return bad("MaxAttempts %d, want at least 1", o.MaxAttempts)
	case o.MaxInFlight < 1:
		return bad("MaxInFlight %d, want at least 1", o.MaxInFlight)
	case !(o.StartRate > 0) || !(o.MaxRate >= o.StartRate) || o.MaxRate > 1e6:
		return bad("StartRate %v and MaxRate %v, want 0 < StartRate <= MaxRate <= 1e6", o.StartRate, o.MaxRate)
	case o.HistoryBytes < 0 || o.MaxBytes < 0:
		return bad("HistoryBytes and MaxBytes must not be negative")
	}
	return nil
}

const (
	maxName  = 64       // bytes of a kind's or family's name
	maxKey   = 1024     // bytes of an account, lane key, once-key, addressing
	maxBatch = 150      // entries of a call
	maxBody  = 64 << 20 // bytes; far below what bbolt can store
)
