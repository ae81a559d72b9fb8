package simulation

import (
	"math/rand/v2"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

// Pick returns one of several.
func Pick[T any](rng *rand.Rand, of ...T) T { return of[rng.IntN(len(of))] }

// World is one of those that the fake can be: each of its switches that stock,
// prices, orders and sales meet, in any of its positions. Effects are hidden for
// less than the LookupLag of a client, as its model demands.
func World(rng *rand.Rand) anymarkettest.Options {
	flip := func() bool { return rng.IntN(2) == 0 }
	o := anymarkettest.Options{
		Seed: rng.Uint64(), Duplicate: Pick(rng, 201, 201, 400, 409, 422),
		Latency:   time.Duration(rng.IntN(300)) * time.Millisecond,
		LookupLag: time.Duration(Pick(rng, 0, rng.IntN(59), 59)) * time.Second,
		Outage:    Pick(rng, anymarkettest.Outages()...), BadToken: Pick(rng, 401, 403),
		MaxBatch: Pick(rng, 0, 0, 2), MaxBatchStatus: Pick(rng, 413, 422),
		Batch:        Pick(rng, anymarkettest.Atomic, anymarkettest.Prefix, anymarkettest.Partial),
		PriceResults: Pick(rng, anymarkettest.ErrorNull, anymarkettest.ErrorEmpty, anymarkettest.FailuresOnly),
		StrictOrders: flip(), Restricted: flip(), OtherSpelling: flip(), Gzip: flip(),
		SilentMarks: flip(), SalesInAnyStatus: flip(), NoPendingSales: flip(),
		DefaultLimit: Pick(rng, 5, 10, 100), RefuseBigLimit: flip(), PageBase: rng.IntN(2), EmptyContent: flip(),
		Links:         Pick(rng, anymarkettest.LinksHTTP, anymarkettest.LinksSame, anymarkettest.LinksForeign),
		IgnoreFilters: Pick(rng, nil, nil, []string{"marketplaceId"}, []string{"marketplace"}, []string{"marketplaceId", "createdAfter"}, []string{"limit"}),
	}
	if flip() {
		o.Limit = anymarkettest.Limit{
			Requests: Pick(rng, 6, 6, 20), NoRetryAfter: flip(), RetryAfterDate: flip(), Headers: flip(), Text: flip(),
		}
	}
	return o
}

// Rand is what a seed chooses with.
func Rand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }
