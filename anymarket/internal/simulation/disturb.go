package simulation

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

// faultModes are the ways in which a request fares badly.
func faultModes() []anymarkettest.Mode {
	return []anymarkettest.Mode{
		anymarkettest.Unavailable, anymarkettest.UnavailablePage, anymarkettest.Page, anymarkettest.Redirect, anymarkettest.Reset,
		anymarkettest.Hang, anymarkettest.Refused, anymarkettest.BadGateway, anymarkettest.GatewayTimeout, anymarkettest.Closed, anymarkettest.Cut,
		anymarkettest.Empty, anymarkettest.EmptyError, anymarkettest.TooMany, anymarkettest.NoToken, anymarkettest.Forbidden,
	}
}

// latest is the latest that a request takes effect: within LateApply.
const latest = 280 * time.Second

// disturb lets some of the next requests fare badly.
func (s *Simulation) disturb(ctx context.Context) {
	f := anymarkettest.Fault{
		Route: Pick(s.Rand, append([]string{"", ""}, s.program.Routes...)...), Times: 1 + s.Rand.IntN(3),
		// A repeat that were late itself would come after LateApply.
		If: func(r anymarkettest.Request) bool { return r.Header.Get(repeated) == "" },
	}
	switch s.Rand.IntN(10) {
	case 0:
		f.Latency = 5*time.Second + s.upTo(time.Minute)
		s.meet(wasSlow)
	default:
		f.Mode = Pick(s.Rand, faultModes()...)
		// An empty success is what some writes deserve: nobody could tell a lie.
		f.Applied = mayApply(f.Mode) && (s.Rand.IntN(2) == 0 || f.Mode == anymarkettest.Empty)
		if f.Applied && f.Mode != anymarkettest.Empty && (slices.Contains(lateModes(), f.Mode) || strings.Contains(f.Route, "/orders")) && s.Rand.IntN(2) == 0 {
			f.After = s.upTo(latest)
		}
	}
	switch s.Rand.IntN(8) {
	case 0:
		f.Do = func(anymarkettest.Request) { s.meet(wasBroken); s.Server.Break() }
	case 1:
		f.Do = func(anymarkettest.Request) { s.Crash() }
	case 2:
		d := s.upTo(20 * time.Minute)
		f.Do = func(anymarkettest.Request) {
			s.pause(ctx, time.Millisecond) // so that the request came before
			s.Server.Maintenance(d)
		}
	case 3, 4:
		after := s.upTo(latest)
		f.Mode, f.Latency = Pick(s.Rand, lateModes()...), 0
		f.Do = func(r anymarkettest.Request) { s.repeat(ctx, r, after) }
	}
	s.say("%d of %q will meet %s, applied %v after %s, latency %s, more %v", f.Times, f.Route, f.Mode, f.Applied, f.After, f.Latency, f.Do != nil)
	s.Server.Fail(f)
}

// mayApply says whether a request can take effect: it cannot if what stands
// before the application answers.
func mayApply(m anymarkettest.Mode) bool {
	return m != anymarkettest.TooMany && m != anymarkettest.NoToken && m != anymarkettest.Forbidden && m != anymarkettest.Refused
}

// lateModes are those after which a request can still take effect, whatever it
// writes: the client does not know what became of it. After others a value is
// taken not to be there.
func lateModes() []anymarkettest.Mode {
	return []anymarkettest.Mode{anymarkettest.Reset, anymarkettest.Hang, anymarkettest.GatewayTimeout, anymarkettest.Closed}
}

// repeated is a header that requests have which the network repeats.
const repeated = "X-Repeated"

// repeat sends a request once more, as a network may that lost its answer. No
// creation is repeated: nothing could help against that.
func (s *Simulation) repeat(ctx context.Context, r anymarkettest.Request, after time.Duration) {
	if r.Method != http.MethodPut || r.Account == "" {
		return
	}
	s.repeats.Add(1)
	time.AfterFunc(after, func() {
		defer s.repeats.Done()
		url, token := s.Server.URL+r.Path, "gumgaToken"
		if path, ok := strings.CutPrefix(r.Path, anymarkettest.MarketplacePath); ok {
			url, token = s.Server.MarketplaceURL()+path, "token"
		}
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, r.Method, url+"?"+r.Query.Encode(), bytes.NewReader(r.Body))
		if err != nil {
			s.blame("repeat a request: %v", err)
			return
		}
		req.Header = r.Header.Clone()
		req.Header.Set(token, s.Server.For(r.Account).Token())
		req.Header.Set("appId", s.Server.AppID())
		req.Header.Set(repeated, "true")
		res, err := s.network.RoundTrip(req)
		if err != nil {
			return // the network fails here too
		}
		_ = res.Body.Close()
		s.meet(wasTwice)
	})
}

// disturbAccount takes an account its token, gives it another one, or has an
// operator pause it.
func (s *Simulation) disturbAccount(ctx context.Context) {
	account := Pick(s.Rand, Accounts()...)
	switch a := s.Server.For(account); {
	case s.paused[account]:
		delete(s.paused, account)
		s.must("resume", s.client.Outbox().Resume(ctx, account))
	case s.Rand.IntN(3) == 0:
		s.meet(wasPaused)
		s.paused[account] = true
		s.must("pause", s.client.Outbox().Pause(ctx, account, "stock-taking"))
	case a.Token() == "":
		s.renew(account)
	case s.Rand.IntN(2) == 0:
		s.meet(wasChanged)
		s.renew(account)
	default:
		s.meet(wasRevoked)
		a.Revoke()
	}
}

// announce announces a window, and lets come what the announcement says, or not.
func (s *Simulation) announce() {
	start, d := time.Now().Add(s.upTo(time.Hour)), 10*time.Minute+s.upTo(time.Hour)
	name := Pick(s.Rand, wasAnnounced, wasUntrue, wasOverrun, wasEarly)
	length := map[string]time.Duration{wasAnnounced: d, wasUntrue: 0, wasOverrun: d + s.upTo(time.Hour), wasEarly: d / 2}[name]
	s.meet(name)
	s.say("announced from %s for %s, in truth %s", start.UTC().Format(time.TimeOnly), d, length)
	s.must("announce", s.windows.add(fmt.Sprint("window ", s.Rand.Uint32()), start, d))
	if length > 0 {
		s.Server.MaintenanceAt(start, length)
	}
}
