package callback

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// comparing is one comparison under way.
type comparing struct {
	g      *Guardian
	repair bool
	memory memory
	out    Comparison
}

func (g *Guardian) compare(ctx context.Context, repair bool) (Comparison, error) {
	unlock, err := g.lock(ctx)
	if err != nil {
		return Comparison{}, err
	}
	defer unlock()
	m, err := g.load()
	if err != nil {
		return Comparison{}, err
	}
	c := &comparing{g: g, repair: repair, memory: m, out: Comparison{At: time.Now().UTC(), Remembered: len(m.Callbacks)}}
	rows, err := g.list(ctx)
	c.out.Listed = err == nil
	if err != nil {
		// Whatever was absent may be applied when the host is back: the count of
		// its absence begins anew.
		if err := c.forgetAbsences(); err != nil {
			return Comparison{}, err
		}
		if !noList(err) {
			return Comparison{}, err
		}
		if rows, err = c.oneByOne(ctx); err != nil {
			return Comparison{}, err
		}
	}
	pairs, doubled, added := match(c.memory.Callbacks, rows)
	for _, p := range pairs {
		if err := c.settle(ctx, p); err != nil {
			return c.out, err
		}
	}
	for _, row := range doubled {
		c.found(Difference{Kind: Doubled, ID: row.ID, Address: address(row.URL), Reason: "the address is registered twice, so each change is told twice: remove one of the two in the panel"})
	}
	for _, row := range added {
		c.found(Difference{Kind: Added, ID: row.ID, Address: address(row.URL), Reason: "it was registered since the others were remembered: remember it too if it is to be guarded"})
	}
	if c.memory.keep(c.out) {
		return c.out, g.save(c.memory)
	}
	return c.out, nil
}

// noList says whether there is an answer but no list that can be trusted: the
// route is not in the present document.
func noList(err error) bool {
	if errors.Is(err, api.ErrPageRepeated) || errors.Is(err, api.ErrTooManyPages) {
		return true
	}
	out := api.Classify(err)
	switch out.Status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		return false
	default:
		return out.Status >= 400 && out.Status <= 500 && out.Shape.FromAPI()
	}
}

// oneByOne asks for the remembered callbacks by their ids.
func (c *comparing) oneByOne(ctx context.Context) (rows []api.Callback, err error) {
	for _, was := range c.memory.Callbacks {
		if was.ID == 0 {
			continue
		}
		row, err := c.g.config.Registry.Get(ctx, was.ID)
		switch {
		case gone(err):
		case err != nil:
			return nil, fmt.Errorf("get callback %s: %w", was.ID, err)
		default:
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// gone says whether ANYMARKET itself said that there is no such callback.
func gone(err error) bool {
	out := api.Classify(err)
	return out.Status == http.StatusNotFound && out.Shape.FromAPI()
}

func (c *comparing) found(d Difference) { c.out.Differences = append(c.out.Differences, d) }

// forgetAbsences stores that nothing is known of what was not shown before.
func (c *comparing) forgetAbsences() error {
	changed := false
	for i := range c.memory.Callbacks {
		r := &c.memory.Callbacks[i]
		changed = changed || !r.AbsentSince.IsZero()
		r.AbsentSince = time.Time{}
	}
	if !changed {
		return nil
	}
	return c.g.save(c.memory)
}

// settle deals with one remembered callback. Its error is the memory's.
func (c *comparing) settle(ctx context.Context, p pair) error {
	if p.is == nil {
		return c.missing(ctx, p.was)
	}
	before := *p.was
	p.was.ID = p.is.ID
	if c.out.Listed {
		p.was.TriedAt, p.was.AbsentSince = time.Time{}, time.Time{}
	}
	if !reflect.DeepEqual(before, *p.was) {
		if err := c.g.save(c.memory); err != nil {
			return err
		}
	}
	if fields := p.was.changes(*p.is); fields != nil {
		c.changed(ctx, p, fields)
	}
	return nil
}

// changed changes a callback back. A repetition does no harm, so an unknown
// outcome is the next comparison's.
func (c *comparing) changed(ctx context.Context, p pair, fields []string) {
	d := Difference{Kind: Changed, ID: p.is.ID, Address: address(p.was.URL), Fields: fields, Reason: "it is not registered as it was"}
	switch {
	case !c.repair:
		d.Reason += ": repair it, or remember it as it is now"
	case fields[0] == "url" && !c.out.Listed:
		d.Reason += ", and as the list cannot be read, its address may be registered elsewhere: look in the panel"
	case p.was.HasToken && p.is.Token == "":
		d.Reason += ", and it had a token, which is not kept: set it in the panel"
	default:
		_, err := c.g.config.Registry.Update(ctx, p.is.ID, p.was.callback(p.is.Token))
		if err != nil {
			d.Reason += ", and changing it back did not succeed: " + without(err, p.was.URL)
			break
		}
		d.Repaired, d.Reason = true, "it was not registered as it was, and was changed back"
	}
	c.found(d)
}

// missing registers a callback again if nothing speaks for its being there.
func (c *comparing) missing(ctx context.Context, was *registration) error {
	d := Difference{Kind: Missing, ID: was.ID, Address: address(was.URL), Reason: "it is not registered any more"}
	why, err := c.mayCreate(ctx, was)
	if err != nil {
		return err
	}
	if why != "" {
		d.Reason += why
		c.found(d)
		return nil
	}
	// Whatever happens from here on, it is known that it may have been registered.
	id := was.ID
	was.TriedAt, was.AbsentSince = time.Now().UTC(), time.Time{}
	if err := c.g.save(c.memory); err != nil {
		return err
	}
	row, err := c.g.config.Registry.Create(ctx, was.callback(""))
	switch {
	case err == nil:
		// That it was tried is kept until a list shows it, since lists may lag.
		was.ID, d.ID, d.Repaired = row.ID, row.ID, true
		d.Reason = "it was not registered any more, and was registered again"
	case refused(err):
		was.ID, was.TriedAt = id, time.Time{}
		d.Reason += ", and registering it did not succeed: " + without(err, was.URL)
	default:
		d.Reason += ", and whether it could be registered is not known: " + without(err, was.URL)
	}
	c.found(d)
	return c.g.save(c.memory)
}

// refused says whether an error proves that nothing was registered.
func refused(err error) bool {
	out := api.Classify(err)
	return out.Refused || !out.Sent || out.Status >= 400 && out.Status <= 499 && out.Status != http.StatusRequestTimeout && out.Shape.FromAPI()
}

// mayCreate says why a callback is not registered again, empty if it is to be. Its
// error is the memory's.
func (c *comparing) mayCreate(ctx context.Context, was *registration) (why string, err error) {
	switch {
	case !c.out.Listed:
		return ", but the list cannot be read, so it may be registered elsewhere: look in the panel, and remember its id", nil
	case !was.TriedAt.IsZero() && was.AbsentSince.IsZero():
		was.AbsentSince = c.out.At
		if err := c.g.save(c.memory); err != nil {
			return "", err
		}
	}
	if sure := was.AbsentSince.Add(c.g.config.LateApply); !was.TriedAt.IsZero() && c.out.At.Before(sure) {
		return fmt.Sprintf(", and the attempt of %s to register it may still take effect: compare again after %s",
			was.TriedAt.Format(time.RFC3339), sure.Format(time.RFC3339)), nil
	}
	switch {
	case !c.repair:
		return ": repair it, or remember what is registered now", nil
	case was.HasToken:
		return ", and it had a token, which is not kept: register it in the panel", nil
	case was.ID == 0:
		return "", nil
	}
	_, err = c.g.config.Registry.Get(ctx, was.ID)
	switch {
	case gone(err):
		return "", nil
	case err != nil:
		return ", and whether it is there could not be asked: " + without(err, was.URL), nil
	default:
		return " in the list, but it is there when asked for: compare again later", nil
	}
}
