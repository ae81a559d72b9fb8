package drill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
)

// partner is one of those whose day is played: the ERP or the marketplace. Each
// has a client, an outbox, and ANYMARKET's API for its kind.
type partner struct {
	*drill

	name   string
	made   family // of what it creates
	stream uint64 // of its random numbers: the first of them

	fake    *anymarkettest.Server
	url     string
	truth   *truth
	kills   *kills
	weather *weather
	said    io.WriteCloser // what the client says besides receipts

	loss   *loss // nil: ANYMARKET lost nothing
	repair repair

	latest string // what its books said, or why they could not be read; once it has delivered what was due
}

func newERP(d *drill) *partner {
	return &partner{drill: d, name: "erp", made: familyOrder, stream: 1}
}

func newMarketplace(d *drill) *partner {
	return &partner{drill: d, name: "marketplace", made: familySale, stream: 11}
}

// Files in a partner's folder.
const (
	outboxFile  = "outbox.db"
	tokenFile   = "tokens.json"
	clientLog   = "client.log"
	requestFile = "requests.ndjson"
	knownFile   = "known.ndjson" // orders that it knows
	sentFile    = "sent.ndjson"  // and those that it made
)

func (p *partner) file(name string) string { return filepath.Join(p.dir, p.name, name) }

// rng yields the same random numbers for the same seed; each use has its own.
func rng(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream)) }

// open makes ANYMARKET for these operations.
func (p *partner) open(ctx context.Context, ops []*operation) (err error) {
	if err := os.MkdirAll(p.file(""), 0o700); err != nil {
		return err
	}
	if p.said, err = os.OpenFile(p.file(clientLog), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err != nil {
		return err
	}
	p.weather = newWeather(rng(p.seed, p.stream+2), p.schedule)
	p.truth = newTruth(ops)
	p.kills = newKills(rng(p.seed, p.stream+1), p.schedule, len(ops))
	p.fake = anymarkettest.New(anymarkettest.Options{
		Seed: p.seed, Latency: 3 * time.Millisecond, Outage: p.outage,
		// A second order of a key is made, as nobody there notices.
		Duplicate: http.StatusCreated,
		LookupLag: p.fast(realLookupLag) * 6 / 10,
		Script: func(r anymarkettest.Request) (anymarkettest.Fault, bool) {
			if f, ok := p.kills.script(r); ok {
				return f, true
			}
			return p.weather.script(r)
		},
	})
	prepare(p.fake, ops) //nolint:contextcheck // the fake's events are its own
	if p.url, err = p.fake.Listen(ctx, "127.0.0.1:0"); err != nil {
		return err
	}
	if p.made == familySale {
		p.url = strings.TrimSuffix(p.url, "/v2") + anymarkettest.MarketplacePath
	}
	p.fake.MaintenanceAt(p.down(), p.back().Sub(p.down()))
	return p.writeTokens(ops)
}

// close ends what open began, however far it came.
func (p *partner) close() (err error) {
	if p.fake != nil {
		err = p.fake.Close()
	}
	if p.said != nil {
		err = errors.Join(err, p.said.Close())
	}
	return err
}

// writeTokens writes the file that the client is given.
func (p *partner) writeTokens(ops []*operation) error {
	tokens := map[string]string{}
	for _, o := range ops {
		tokens[o.account] = p.fake.For(o.account).Token()
	}
	return writeJSON(p.file(tokenFile), tokens)
}

// access is how a command reaches ANYMARKET.
func (p *partner) access() []string {
	flags := append([]string{
		"--base-url", p.url, "--tokens", p.file(tokenFile), "--windows", p.announced.path,
	}, p.flags()...)
	if p.made == familySale {
		flags = append(flags, "--app-id", p.fake.AppID())
	}
	return flags
}

// clientCommand is what starts the client.
func (p *partner) clientCommand() []string {
	return slices.Concat(p.command, []string{"send", "--outbox", p.file(outboxFile), "--drain", p.patience.String()}, p.access())
}

// env is for all commands: what the user's says is for outboxes of his own.
func (p *partner) env() []string {
	return []string{"ANYMARKET_APP_ID=", "ANYMARKET_TOKEN=" + p.fake.For("").Token()}
}

// play starts the client, again whenever it was killed, until the day is over
// and it has nothing left to do.
func (p *partner) play(ctx context.Context) error {
	for {
		c, err := startChild(ctx, p.clientCommand(), p.env(), p.said, func(i int, no refusal) { p.truth.answer(i, time.Now(), no) })
		if err != nil {
			return fmt.Errorf("start the client: %w", err)
		}
		p.kills.serve(c)
		err = p.feed(ctx, c)
		if err == nil {
			err = c.in.Close()
		}
		failed := errors.Is(err, errCommand) && !c.isGone()
		if err != nil && !c.isGone() {
			c.kill()
		}
		<-c.gone
		p.show.killed(p.killCounts())
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case c.wrong != nil:
			return c.wrong
		case failed:
			return err
		case c.killed.Load():
			if err := p.quiet(ctx); err != nil {
				return err
			}
		case clean(c.err), exitCode(c.err) == exit.Failed && p.truth.hasUnstored(): // which the result tells
			if _, n := p.truth.unanswered(); n > 0 {
				return fmt.Errorf("the client ended and left %d operations without an answer", n)
			}
			return nil
		default:
			return fmt.Errorf("the client ended by itself: %w; the last that it said: %s", c.err, p.lastWords())
		}
	}
}

// feed hands over what is due, and what the client before had given no receipt
// for, and returns when the client has nothing more to do. An error says that
// the client, or time, ran out.
func (p *partner) feed(ctx context.Context, c *child) error {
	next, _ := p.truth.unanswered()
	if err := p.feedFrom(ctx, c, next); err != nil {
		return err
	}
	if err := p.settle(ctx, c); err != nil {
		return err
	}
	return p.makeGood(ctx, c)
}

// feedFrom hands over the operations from a place on, each when it is due.
func (p *partner) feedFrom(ctx context.Context, c *child, i int) error {
	for ; ; i++ {
		o, before, ok := p.truth.next(i)
		if !ok {
			return nil
		}
		if err := until(ctx, c, p.at(o.at)); err != nil {
			return err
		}
		if err := p.answered(ctx, c, before); err != nil {
			return err
		}
		now := time.Now()
		p.truth.send(i, now)
		if err := c.write(i, o.line); err != nil {
			return err
		}
		p.kills.handed(i)
		p.show.fed(p.name, i+1, p.partOf(now))
	}
}

// answered waits until an operation has a receipt or a refusal. None is -1.
func (p *partner) answered(ctx context.Context, c *child, i int) error {
	for i >= 0 && !p.truth.isAnswered(i) {
		if err := until(ctx, c, time.Now().Add(2*time.Millisecond)); err != nil {
			return err
		}
	}
	return nil
}

// settle waits until the client has answered all, nothing waits but for a
// person, and no value is in doubt: what a drain leaves behind.
func (p *partner) settle(ctx context.Context, c *child) error {
	p.show.phase(lastPart)
	for {
		if err := until(ctx, c, time.Now().Add(200*time.Millisecond)); err != nil {
			return err
		}
		if _, n := p.truth.unanswered(); n > 0 || time.Now().Before(p.back()) {
			continue
		}
		b, err := p.liveStatus(ctx)
		if err != nil {
			p.latest = err.Error()
			continue // it may be starting, or dying
		}
		p.latest = fmt.Sprintf("%d waiting, %d parked, %d in doubt, %d on the wire", b.Waiting, b.Parked, b.InDoubt, b.InFlight)
		if b.Waiting == b.Parked && b.InDoubt == 0 && b.InFlight == 0 {
			return nil
		}
	}
}

var errGone = errors.New("the client is gone")

// until waits for a moment, unless the client ends first.
func until(ctx context.Context, c *child, moment time.Time) error {
	timer := time.NewTimer(time.Until(moment))
	defer timer.Stop()
	select {
	case <-c.gone:
		return errGone
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// quiet waits until ANYMARKET has taken in all that a dead client sent: a
// request that lay about in the machine for longer than LateApply would be
// applied later than the model allows.
func (p *partner) quiet(ctx context.Context) error {
	for row := 0; row < 2; {
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return err
		}
		if row++; p.fake.Conns() > 0 {
			row = 0
		}
	}
	return nil
}
