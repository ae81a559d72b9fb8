package anymarket_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
)

var simSweep = flag.Bool("sim.sweep", false, "print the table of docs/once.md")

// LateApply and LookupLag as they are by default.
const (
	modelLate = 5*time.Minute + 30*time.Second
	modelLag  = time.Minute
)

// Of creations that were lost on the way back, applied late and hidden from
// look-ups, none is there twice as long as both stay within the model. Beyond it
// some are, so that this would see them within.
func TestDuplicatesWithinAndBeyondTheModel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ late, lag float64 }{{1, 1}, {1, 0}, {0, 1}, {0.5, 0.5}} {
		t.Run(fmt.Sprint(c.late, " ", c.lag), func(t *testing.T) {
			t.Parallel()
			require.Zero(t, twice(t, c.late, c.lag, 100))
		})
	}
	t.Run("beyond", func(t *testing.T) {
		t.Parallel()
		require.Positive(t, twice(t, 4, 1, 40))
		require.Positive(t, twice(t, 1, 4, 40))
	})
}

func TestSweepBeyondTheModel(t *testing.T) {
	if !*simSweep {
		t.Skip("-sim.sweep prints the table")
	}
	const orders = 500
	lags := []float64{0, 0.5, 1, 1.5, 2, 4}
	lates := []float64{0, 0.5, 1, 1.25, 1.5, 2, 3, 4}
	table := strings.Builder{}
	fmt.Fprint(&table, "| late \\ lag |")
	for _, lag := range lags {
		fmt.Fprintf(&table, " %v S |", lag)
	}
	fmt.Fprint(&table, "\n|---|"+strings.Repeat("---|", len(lags))+"\n")
	for _, late := range lates {
		fmt.Fprintf(&table, "| %v D |", late)
		for _, lag := range lags {
			n := twice(t, late, lag, orders)
			if late <= 1 && lag <= 1 {
				require.Zero(t, n, "late %v, lag %v", late, lag)
			}
			fmt.Fprintf(&table, " %s |", percent(n, orders))
		}
		fmt.Fprintln(&table)
	}
	t.Log("\n" + table.String())
}

func percent(n, of int) string {
	if n == 0 {
		return "0"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(of))
}

// twice makes orders of which each first request takes effect at a random moment
// until late times LateApply after the client gave up, and is hidden for lag
// times LookupLag. It returns how many are there more than once.
func twice(t *testing.T, late, lag float64, orders int) (n int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, uint64(late*100+lag)))
	upTo := int64(late * float64(modelLate))
	o := anymarkettest.Options{Duplicate: 201, LookupLag: time.Duration(lag * float64(modelLag))}
	anymarkettest.RunWith(t, o, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		cfg.MaxRate = 100
		c := open(t, cfg)
		for i := range orders {
			f := anymarkettest.Fault{Route: "POST /orders", Mode: anymarkettest.Reset, Applied: true, If: func(r anymarkettest.Request) bool {
				return strings.Contains(string(r.Body), fmt.Sprintf(`"marketPlaceId":"S-%d"`, i))
			}}
			if upTo > 0 {
				f.After = time.Duration(rng.Int64N(upTo))
			}
			s.Fail(f)
			o := order(fmt.Sprint("S-", i))
			o.CreatedAt = api.At(time.Now().Add(2 * time.Hour)) // younger than the file: not looked up first
			_, err := c.Orders.Create(t.Context(), o)
			require.NoError(t, err)
			time.Sleep(5 * time.Second)
		}
		time.Sleep(4 * time.Hour)
		require.Zero(t, c.Outbox().Stats().Waiting)
		there := map[string]int{}
		for _, o := range s.Orders() {
			there[o.MarketPlaceID]++
		}
		require.Len(t, there, orders, "none is lost")
		for _, k := range there {
			if k > 1 {
				n++
			}
		}
	})
	return n
}
