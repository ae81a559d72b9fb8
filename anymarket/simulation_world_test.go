package anymarket_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

// pick returns one of several.
func pick[T any](rng *rand.Rand, of ...T) T { return of[rng.IntN(len(of))] }

// world is one of those that the fake can be, as far as orders go: each of its
// switches in any of its positions. Effects are hidden for less than
// Config.LookupLag, as the model demands.
func world(rng *rand.Rand) anymarkettest.Options {
	flip := func() bool { return rng.IntN(2) == 0 }
	o := anymarkettest.Options{
		Seed: rng.Uint64(), Duplicate: pick(rng, 201, 201, 400, 409, 422),
		Latency:   time.Duration(rng.IntN(300)) * time.Millisecond,
		LookupLag: time.Duration(rng.IntN(59)) * time.Second,
		Outage:    pick(rng, anymarkettest.Outages()...), BadToken: pick(rng, 401, 403),
		StrictOrders: flip(), Restricted: flip(), OtherSpelling: flip(), Gzip: flip(),
		DefaultLimit: pick(rng, 5, 10, 100), RefuseBigLimit: flip(), PageBase: rng.IntN(2), EmptyContent: flip(),
		Links:         pick(rng, anymarkettest.LinksHTTP, anymarkettest.LinksSame, anymarkettest.LinksForeign),
		IgnoreFilters: pick(rng, nil, nil, []string{"marketplaceId"}, []string{"marketplace"}, []string{"marketplaceId", "createdAfter"}, []string{"limit"}),
	}
	if rng.IntN(3) == 0 {
		o.Limit = anymarkettest.Limit{
			Requests: pick(rng, 20, 60), NoRetryAfter: flip(), RetryAfterDate: flip(), Headers: flip(), Text: flip(),
		}
	}
	return o
}

// Every switch is in every position in one of the default seeds at least.
func TestSimulationSeesEveryWorld(t *testing.T) {
	t.Parallel()
	seen := map[string][]string{}
	see := func(name string, value any) {
		if v := fmt.Sprint(value); !slices.Contains(seen[name], v) {
			seen[name] = append(seen[name], v)
		}
	}
	for seed := range uint64(50) {
		o := world(rand.New(rand.NewPCG(seed+1, 0)))
		see("Duplicate", o.Duplicate)
		see("Outage", o.Outage)
		see("BadToken", o.BadToken)
		see("DefaultLimit", o.DefaultLimit)
		see("PageBase", o.PageBase)
		see("Links", o.Links)
		see("IgnoreFilters", o.IgnoreFilters)
		for name, on := range map[string]bool{
			"StrictOrders": o.StrictOrders, "Restricted": o.Restricted, "OtherSpelling": o.OtherSpelling, "Gzip": o.Gzip,
			"RefuseBigLimit": o.RefuseBigLimit, "EmptyContent": o.EmptyContent, "Limit": o.Limit.Requests > 0,
		} {
			see(name, on)
		}
		if o.Limit.Requests > 0 {
			for name, on := range map[string]bool{
				"NoRetryAfter": o.Limit.NoRetryAfter, "RetryAfterDate": o.Limit.RetryAfterDate, "Headers": o.Limit.Headers, "Text": o.Limit.Text,
			} {
				see(name, on)
			}
		}
	}
	for name, values := range seen {
		want := map[string]int{"Duplicate": 4, "Outage": len(anymarkettest.Outages()), "DefaultLimit": 3, "Links": 3, "IgnoreFilters": 5}[name]
		require.Len(t, values, max(want, 2), name)
	}
}
