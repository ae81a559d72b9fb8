package replay_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/internal/bench/measure"
)

const (
	smallAccounts = 19
	huge          = "huge"
	hugeTimes     = 9 * smallAccounts // as much as a small one, so nine tenths of all
)

func TestFairness(t *testing.T) {
	small := make([]string, smallAccounts)
	for i := range small {
		small[i] = fmt.Sprintf("small-%02d", i)
	}
	skus := size(1000, 5000)
	var one, without, with finish
	t.Run("one", func(t *testing.T) { one = finishOf(t, small[:1], skus) })
	t.Run("without", func(t *testing.T) { without = finishOf(t, small, skus) })
	t.Run("with", func(t *testing.T) { with = finishOf(t, append([]string{huge}, small...), skus) })
	require.False(t, t.Failed())
	tell(t, "skus", float64(skus))
	tell(t, "huge-skus", float64(hugeTimes*skus))
	tell(t, "alone-seconds", one.last.Seconds())
	tell(t, "without-seconds", without.last.Seconds())
	tell(t, "with-seconds", with.last.Seconds())
	tell(t, "fairness", with.fairness)
}

// finish is how the small accounts came through.
type finish struct {
	// last is from the first call of any account until the last small one had all.
	last time.Duration
	// fairness is Jain's index of the calls of all accounts until the first small
	// one had all, while each had something to send.
	fairness float64
}

// finishOf has accounts accept values in a window, and waits until all but the
// huge one are through.
func finishOf(t *testing.T, accounts []string, skus int) (f finish) {
	t.Helper()
	anymarkettest.RunWith(t, world(), func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, s, permitted)
		s.Maintenance(window)
		end := time.Now().Add(window)
		for _, account := range accounts {
			n := skus
			if account == huge {
				n *= hugeTimes
			}
			for first := 0; first < n; first += accepted {
				set(t, c.For(account), first, min(accepted, n-first), func(int) int64 { return 1 })
			}
		}
		through := map[string]time.Time{}
		small := slices.DeleteFunc(slices.Clone(accounts), func(a string) bool { return a == huge })
		for stop := end.Add(24 * time.Hour); len(through) < len(small); time.Sleep(100 * time.Millisecond) {
			require.True(t, time.Now().Before(stop), "waited in vain: %v", through)
			for _, account := range small {
				if at, ok := throughAt(s.For(account), skus); ok && through[account].IsZero() {
					through[account] = at
				}
			}
		}
		f = judge(s.Log(), end, accounts, through)
	})
	return f
}

// throughAt is when the last of its SKUs got its value.
func throughAt(a *anymarkettest.Account, skus int) (at time.Time, ok bool) {
	stocks := a.Stocks()
	if len(stocks) < skus {
		return at, false
	}
	for _, stock := range stocks {
		if stock.At.After(at) {
			at = stock.At
		}
	}
	return at, true
}

func judge(log []anymarkettest.Request, end time.Time, accounts []string, through map[string]time.Time) (f finish) {
	begin, first, last := time.Time{}, time.Time{}, time.Time{}
	for _, at := range through {
		if first.IsZero() || at.Before(first) {
			first = at
		}
		if at.After(last) {
			last = at
		}
	}
	calls := map[string]float64{}
	for _, r := range log {
		if !strings.HasPrefix(r.Route, "PUT /stocks") || r.At.Before(end) {
			continue
		}
		if begin.IsZero() {
			begin = r.At
		}
		if r.At.Before(first) {
			calls[r.Account]++
		}
	}
	shares := make([]float64, len(accounts))
	for i, account := range accounts {
		shares[i] = calls[account]
	}
	return finish{last: last.Sub(begin), fairness: measure.Fairness(shares)}
}
