package callback

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
)

var (
	// ErrNothingRemembered says that the guardian has nothing to compare with:
	// call [Guardian.Remember] while all is well.
	ErrNothingRemembered = errors.New("no callbacks are remembered yet: remember them while all is well")
	// ErrNothingRegistered says that the account has no callbacks, which are not
	// remembered in place of others: register one first.
	ErrNothingRegistered = errors.New("no callbacks are registered: register one, then remember it")
)

// Registry is where an account's callbacks are registered; [api.Callbacks] is one.
// Its calls are made once each: Create must not be repeated by itself.
type Registry interface {
	List(ctx context.Context) iter.Seq2[api.Callback, error]
	Get(ctx context.Context, id api.ID) (api.Callback, error)
	Create(ctx context.Context, callback api.Callback) (api.Callback, error)
	Update(ctx context.Context, id api.ID, callback api.Callback) (api.Callback, error)
}

// GuardianConfig says what a guardian needs to know. Registry and Memory are
// required.
type GuardianConfig struct {
	// Registry is that of the one account that is guarded.
	Registry Registry
	// Memory is the path of the file that keeps what was registered; beside it a
	// file .lock is made. It has the addresses, secrets in them included, but no
	// tokens; only its owner can read it.
	Memory string

	// Repair makes [Guardian.Run] repair; else it warns.
	Repair bool
	// Interval is how often Run compares by itself; defaults to an hour.
	Interval time.Duration
	// LateApply is how long after an attempt of unknown outcome to register a
	// callback that may still take effect; defaults to 6 min 30 s. It counts from
	// when a list first shows that ANYMARKET is back.
	LateApply time.Duration

	// Observer is told of each comparison of Run. It must return soon.
	Observer func(Comparison)
	// Logger defaults to none.
	Logger *slog.Logger
}

// Guardian watches over the registered callbacks of one account. It is safe for
// concurrent use, also by several processes with the same memory: one of them
// compares at a time.
type Guardian struct {
	config GuardianConfig
	bell   bell
}

// NewGuardian returns a guardian. It touches nothing yet. Errors are
// [*api.FieldError] values.
func NewGuardian(config GuardianConfig) (*Guardian, error) {
	var errs []error
	refuse := func(bad bool, field, reason string) {
		if bad {
			errs = append(errs, &api.FieldError{Field: field, Reason: reason})
		}
	}
	refuse(config.Registry == nil, "Registry", "is missing")
	refuse(config.Memory == "", "Memory", "is missing: it is the path of the file that keeps what was registered")
	refuse(config.Interval < 0, "Interval", "is negative")
	refuse(config.LateApply < 0, "LateApply", "is negative")
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	orDefault(&config.Interval, time.Hour)
	orDefault(&config.LateApply, 6*time.Minute+30*time.Second)
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	return &Guardian{config: config, bell: newBell()}, nil
}

// Remember makes what is registered now what is guarded from here on, and returns
// how many callbacks that is. Where callbacks cannot be listed, give their ids.
// Errors are [ErrNothingRegistered] and those of the registry and the memory;
// after any of them the memory is as it was.
func (g *Guardian) Remember(ctx context.Context, ids ...api.ID) (int, error) {
	unlock, err := g.lock(ctx)
	if err != nil {
		return 0, err
	}
	defer unlock()
	var rows []api.Callback
	if len(ids) == 0 {
		rows, err = g.list(ctx)
	} else {
		rows, err = g.get(ctx, ids)
	}
	if err != nil {
		return 0, err
	}
	if len(rows) == 0 {
		return 0, ErrNothingRegistered
	}
	m := remember(rows, time.Now())
	if before, err := g.load(); err == nil {
		m.History = before.History
	}
	return len(m.Callbacks), g.save(m)
}

// Check compares what is registered with what is remembered and changes nothing
// at ANYMARKET. Errors are [ErrNothingRemembered] and those of the registry, which
// say that nothing could be compared, and those of the memory, which come with what
// was found until then.
func (g *Guardian) Check(ctx context.Context) (Comparison, error) { return g.compare(ctx, false) }

// Repair is [Guardian.Check] that puts right what it finds: what is missing is
// registered again, what was changed is changed back. What it could not put
// right says why.
func (g *Guardian) Repair(ctx context.Context) (Comparison, error) { return g.compare(ctx, true) }

// History returns what comparisons found, oldest first: those that repaired
// something, and those that found other things than the one before. At most the
// last hundred are kept. Errors are [ErrNothingRemembered] and the memory's.
func (g *Guardian) History() ([]Comparison, error) {
	m, err := g.load()
	return m.History, err
}

// Run compares at once, then every Config.Interval and whenever [Guardian.Wake]
// asks for it, until ctx ends, and returns nil then. Differences are logged and
// told to the observer. If nothing is remembered yet, it remembers what it finds.
func (g *Guardian) Run(ctx context.Context) error {
	const retry = time.Minute // after what could not be compared
	for ctx.Err() == nil {
		wait := g.config.Interval
		switch c, err := g.once(ctx); {
		case ctx.Err() != nil:
		case errors.Is(err, ErrNothingRegistered):
			g.config.Logger.Info("no callbacks are registered to be guarded")
		case err != nil:
			g.config.Logger.Warn("callbacks could not be compared", errAttr(err))
			wait = min(retry, wait)
		case g.config.Repair && c.outstanding():
			wait = min(g.config.LateApply, wait)
		}
		g.bell.sleep(ctx, wait)
	}
	return nil
}

// Wake has [Guardian.Run] compare now, for instance when a gate opened after a
// window. It returns at once.
func (g *Guardian) Wake() { g.bell.ring() }

// once is one comparison of Run.
func (g *Guardian) once(ctx context.Context) (Comparison, error) {
	c, err := g.compare(ctx, g.config.Repair)
	if errors.Is(err, ErrNothingRemembered) {
		n, err := g.Remember(ctx)
		if err == nil {
			g.config.Logger.Info("callbacks remembered", slog.Int("callbacks", n))
		}
		return Comparison{}, err
	}
	if err != nil {
		return c, err
	}
	for _, d := range c.Differences {
		level := slog.LevelWarn
		if d.harmless() {
			level = slog.LevelInfo
		}
		g.config.Logger.LogAttrs(ctx, level, "callback differs",
			slog.String("kind", string(d.Kind)), slog.String("id", d.ID.String()), slog.String("address", d.Address),
			slog.Bool("repaired", d.Repaired), slog.String("reason", d.Reason))
	}
	if g.config.Observer != nil {
		g.config.Observer(c)
	}
	return c, nil
}

// list returns all callbacks, or an error if not all of them could be listed.
func (g *Guardian) list(ctx context.Context) ([]api.Callback, error) {
	var rows []api.Callback
	for row, err := range g.config.Registry.List(ctx) {
		if err != nil {
			return nil, fmt.Errorf("list callbacks: %w", err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// get returns callbacks by their ids; all of them must be there.
func (g *Guardian) get(ctx context.Context, ids []api.ID) ([]api.Callback, error) {
	var rows []api.Callback
	for _, id := range ids {
		row, err := g.config.Registry.Get(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("get callback %s: %w", id, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}
