package drill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/maintenance"
)

// drill is one run.
type drill struct {
	schedule
	command  []string // that is anymarketctl
	dir      string
	input    bool // a user's operations
	seed     uint64
	patience time.Duration
	outage   anymarkettest.Mode

	fake   *anymarkettest.Server
	url    string
	truth  *truth
	kills  *kills
	said   io.Writer // what the client says besides receipts
	show   *progress
	ending string // why it was cut short
}

// Files in the drill's folder.
const (
	outboxFile  = "outbox.db"
	tokenFile   = "tokens.json"
	windowFile  = "windows.json"
	clientLog   = "client.log"
	requestFile = "requests.ndjson"
)

func (d *drill) file(name string) string { return filepath.Join(d.dir, name) }

// run plays the day and returns the report. An error says that nothing was
// proven.
func (d *drill) run(ctx context.Context, ops []*operation) (r report, err error) {
	log, err := os.OpenFile(d.file(clientLog), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	d.said = log
	began := time.Now()
	if err := d.open(ctx, ops); err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, d.fake.Close()) }()

	playing, stop := context.WithTimeoutCause(ctx, d.patience, errors.New("the drill took too long"))
	defer stop()
	err = d.play(playing)
	late := playing.Err() != nil
	stop()
	d.kills.work.Wait()
	switch {
	case ctx.Err() != nil:
		return r, fmt.Errorf("the drill was interrupted: %w", context.Cause(ctx))
	case late && err != nil:
		d.ending = err.Error() // what there is, is judged
	case err != nil:
		return r, err
	}
	// What ANYMARKET may still apply late, it has applied then.
	if err := pause(ctx, d.fast(realLateApply)); err != nil {
		return r, err
	}
	d.show.phase("reading the books")
	r, err = d.judge(ctx)
	r.Seconds = seconds(time.Since(began))
	return r, err
}

// open makes ANYMARKET and announces the window.
func (d *drill) open(ctx context.Context, ops []*operation) error {
	weather := newWeather(d.seed, d.schedule)
	d.fake = anymarkettest.New(anymarkettest.Options{
		Seed: d.seed, Latency: 3 * time.Millisecond, Outage: d.outage,
		// A second order of a key is made, as nobody there notices.
		Duplicate: http.StatusCreated,
		LookupLag: d.fast(realLookupLag) * 6 / 10,
		Script: func(r anymarkettest.Request) (anymarkettest.Fault, bool) {
			if f, ok := d.kills.script(r); ok {
				return f, true
			}
			return weather.script(r)
		},
	})
	prepare(d.fake, ops) //nolint:contextcheck // the fake's events are its own
	d.truth = newTruth(ops)
	d.kills = newKills(d.seed, d.schedule, len(ops))
	var err error
	if d.url, err = d.fake.Listen(ctx, "127.0.0.1:0"); err != nil {
		return errors.Join(err, d.fake.Close())
	}
	if err := d.announce(ops); err != nil {
		return errors.Join(err, d.fake.Close())
	}
	d.fake.MaintenanceAt(d.start, d.window)
	return nil
}

// announce writes the files that the client is given.
func (d *drill) announce(ops []*operation) error {
	spec, err := d.announcement()
	if err != nil {
		return err
	}
	w, err := maintenance.NewFile(d.file(windowFile)).Add(spec)
	if err != nil {
		return err
	}
	if !w.Start.Equal(d.start) || !w.End.Equal(d.end()) {
		return fmt.Errorf("the window was read as %s", w)
	}
	tokens := map[string]string{}
	for _, o := range ops {
		tokens[o.account] = d.fake.For(o.account).Token()
	}
	return writeJSON(d.file(tokenFile), tokens)
}

// play starts the client, again whenever it was killed, until the day is over
// and it has nothing left to do.
func (d *drill) play(ctx context.Context) error {
	command := append(append([]string{}, d.command...), append([]string{
		"send", "--outbox", d.file(outboxFile), "--base-url", d.url,
		"--tokens", d.file(tokenFile), "--windows", d.file(windowFile), "--drain", d.patience.String(),
	}, d.flags()...)...)
	env := []string{"ANYMARKET_TOKEN=" + d.fake.For("").Token()}
	for {
		c, err := startChild(ctx, command, env, d.said, func(i int, refusal string) { d.truth.answer(i, time.Now(), refusal) })
		if err != nil {
			return fmt.Errorf("start the client: %w", err)
		}
		d.kills.serve(c)
		err = d.feed(ctx, c)
		if err == nil {
			err = c.in.Close()
		}
		if err != nil && !c.isGone() {
			c.kill()
		}
		<-c.gone
		all, before := d.kills.counts()
		d.show.killed(all, before)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("%w: %s", context.Cause(ctx), d.left())
		case c.wrong != nil:
			return c.wrong
		case c.killed.Load():
			if err := d.quiet(ctx); err != nil {
				return err
			}
		case clean(c.err):
			if _, n := d.truth.unanswered(); n > 0 {
				return fmt.Errorf("the client ended and left %d operations without an answer", n)
			}
			return nil
		default:
			return fmt.Errorf("the client ended by itself: %w; the last that it said: %s", c.err, d.lastWords())
		}
	}
}

// left says what the day still lacks.
func (d *drill) left() string {
	_, n := d.truth.unanswered()
	return fmt.Sprintf("%d operations are without an answer", n)
}

// feed hands over what is due, and what the client before had given no receipt
// for, and returns when the client has nothing more to do. An error says that
// the client, or time, ran out.
func (d *drill) feed(ctx context.Context, c *child) error {
	next, _ := d.truth.unanswered()
	for i := next; i < len(d.truth.records); i++ {
		o := d.truth.records[i].operation // never changes
		if err := d.until(ctx, c, d.at(o.at)); err != nil {
			return err
		}
		now := time.Now()
		d.truth.send(i, now)
		if err := c.write(i, o.line); err != nil {
			return err
		}
		d.kills.handed(i)
		d.show.fed(i+1, d.partOf(now))
	}
	return d.settle(ctx, c)
}

// partOf is the part of the day.
func (s schedule) partOf(now time.Time) string {
	switch {
	case now.Before(s.start):
		return "before the window"
	case now.Before(s.end()):
		return "in the window"
	default:
		return "after the window"
	}
}

// settle waits until the client has answered all, nothing waits but for a
// person, and no value is in doubt: what a drain leaves behind.
func (d *drill) settle(ctx context.Context, c *child) error {
	d.show.phase("delivering what is left")
	for {
		if err := d.until(ctx, c, time.Now().Add(200*time.Millisecond)); err != nil {
			return err
		}
		if _, n := d.truth.unanswered(); n > 0 || time.Now().Before(d.end()) {
			continue
		}
		b, err := d.status(ctx)
		if err != nil {
			continue // it may be starting, or dying
		}
		if b.Waiting == b.Parked && b.InDoubt == 0 && b.InFlight == 0 {
			return nil
		}
	}
}

var errGone = errors.New("the client is gone")

// until waits for a moment, unless the client ends first.
func (d *drill) until(ctx context.Context, c *child, moment time.Time) error {
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
func (d *drill) quiet(ctx context.Context) error {
	for row := 0; row < 2; {
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return err
		}
		if row++; d.fake.Conns() > 0 {
			row = 0
		}
	}
	return nil
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
