package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/maintenance"
	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
)

func TestCampaigns(t *testing.T) {
	t.Parallel()
	whoeverHolds(t, func(t *testing.T, r *rig) {
		start := time.Now().Add(24 * time.Hour).Truncate(time.Second)
		end := start.Add(4 * time.Hour)
		add := func(title string, from, to time.Time) {
			r.fake.AddCampaign(anymarkettest.Campaign{Title: title, Marketplace: "MERCADO_LIVRE", Start: from, End: to, Products: 3})
		}
		add("before", start.Add(-9*time.Hour), start.Add(-5*time.Hour))
		add("begins", start.Add(time.Hour), end.Add(9*time.Hour))
		add("all along", start.Add(-50*time.Hour), end.Add(50*time.Hour))
		add("shortly after", end.Add(time.Hour), end.Add(90*time.Minute))
		windows := filepath.Join(t.TempDir(), "windows.json")
		_, err := maintenance.NewFile(windows).Add(maintenance.Spec{Name: "july", Start: start, End: end})
		require.NoError(t, err)

		got := ctl(t, "", r.args("campaigns", "--windows", windows)...)
		require.Equal(t, exit.Alarm, got.code, got)
		require.Contains(t, got.out, "july ")
		for _, words := range []string{"begins, MERCADO_LIVRE, 3 products: starts.", "all along, MERCADO_LIVRE, 3 products: runs all along.", "shortly after, MERCADO_LIVRE, 3 products: starts and ends."} {
			require.Contains(t, got.out, words)
		}
		require.NotContains(t, got.out, "before,")

		said := decoded[campaignJSON](t, ctl(t, "", r.args("campaigns", "--from", at(start), "--to", at(end), "--margin", "0", "--json")...))
		require.Len(t, said, 2)
		require.Equal(t, "all along", said[0].Title)
		require.True(t, said[0].Window.Start.Equal(start))

		got = ctl(t, "", r.args("campaigns", "--from", at(start.Add(-20*time.Hour)), "--to", at(start.Add(-19*time.Hour)), "--account", "b")...)
		require.Equal(t, exit.Done, got.code, got)
		require.Contains(t, got.out, "no campaign is concerned")
		for _, args := range [][]string{{}, {"--from", at(start)}, {"--from", at(end), "--to", at(start)}, {"--windows", windows, "--margin", "-1h"}} {
			require.Equal(t, exit.Usage, ctl(t, "", r.args("campaigns", args...)...).code, args)
		}
	})
}
