package simulation

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

// Every switch is in every position in one of the default seeds at least.
func TestWorldsAreAllSeen(t *testing.T) {
	t.Parallel()
	const seeds = 30 // as many as are played without the race detector
	seen := map[string][]string{}
	var see func(prefix string, v reflect.Value)
	see = func(prefix string, v reflect.Value) {
		for i := range v.NumField() {
			name, value := prefix+v.Type().Field(i).Name, v.Field(i)
			if value.Kind() == reflect.Struct {
				see(name+".", value)
				continue
			}
			if text := fmt.Sprint(value); !slices.Contains(seen[name], text) {
				seen[name] = append(seen[name], text)
			}
		}
	}
	for seed := range uint64(seeds) {
		see("", reflect.ValueOf(World(Rand(seed+1))))
	}
	for name, number := range map[string]int{
		"Duplicate": 4, "Outage": len(anymarkettest.Outages()), "BadToken": 2, "MaxBatch": 2, "MaxBatchStatus": 2, "Batch": 3, "PriceResults": 3,
		"StrictOrders": 2, "Restricted": 2, "OtherSpelling": 2, "Gzip": 2, "SilentMarks": 2, "SalesInAnyStatus": 2, "NoPendingSales": 2,
		"DefaultLimit": 3, "RefuseBigLimit": 2, "PageBase": 2, "EmptyContent": 2, "Links": 3, "IgnoreFilters": 5,
		"Limit.Requests": 3, "Limit.NoRetryAfter": 2, "Limit.RetryAfterDate": 2, "Limit.Headers": 2, "Limit.Text": 2,
	} {
		require.Len(t, seen[name], number, name)
	}
	require.Greater(t, len(seen["LookupLag"]), 5)
}
