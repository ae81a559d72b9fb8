package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
	"github.com/anymarket-go/sdk/internal/admin"
)

func TestResendWhatWasLost(t *testing.T) {
	t.Parallel()
	whoeverHolds(t, func(t *testing.T, r *rig) {
		backup := time.Now()
		time.Sleep(10 * time.Millisecond)
		require.Equal(t, exit.Done, r.send(stock("A", "1")+stock("A", "2")+stock("B", "3")).code)
		to := at(time.Now())
		r.fake.RollBack(backup)
		args := []string{"resend", "--from", at(backup), "--to", to}

		got := r.on(append(args, "--dry-run")...)
		require.Equal(t, exit.Done, got.code, got)
		require.Equal(t, "2 stocks and prices of the range: 2 to be sent again\n", got.out)
		require.Len(t, decoded[resentJSON](t, r.on(append(args, "--kind", "price.set", "--dry-run", "--json")...)), 1)
		require.Zero(t, decoded[resentJSON](t, r.on(append(args, "--account", "b", "--dry-run", "--json")...))[0].Selected)

		said := decoded[resentJSON](t, r.on(append(args, "--account", "", "--json")...))
		require.Equal(t, []resentJSON{
			{DryRun: true, Resent: admin.Resent{Selected: 2, Sent: 2}},
			{Resent: admin.Resent{Selected: 2, Sent: 2}},
		}, said)
		require.Equal(t, exit.Done, r.send("", "--drain", "20s").code)
		until(t, "both are there again", func() bool {
			a, _ := r.fake.Stock("A", 0)
			b, _ := r.fake.Stock("B", 0)
			return a.Quantity == "2" && b.Quantity == "3"
		})
	})
}

func TestResendRefusesWhatCannotBeMeant(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	require.Equal(t, exit.Done, r.send("").code)
	now, hour := time.Now(), time.Hour
	for _, span := range [][2]string{
		{at(now.Add(-hour)), at(now.Add(hour))},
		{at(now.Add(hour)), at(now.Add(2 * hour))},
		{at(now.Add(-hour)), at(now.Add(-2 * hour))},
		{"2024-07-28T01:00:00", at(now)},
	} {
		got := r.on("resend", "--from", span[0], "--to", span[1])
		require.Equal(t, exit.Usage, got.code, got)
		got = ctl(t, "", r.args("recheck", "--from", span[0], "--to", span[1])...)
		require.Equal(t, exit.Usage, got.code, got)
	}
	got := r.on("resend", "--from", at(now.Add(-hour)), "--to", at(now), "--kind", "order.create")
	require.Equal(t, exit.Failed, got.code, got)
	require.Contains(t, got.errors, "order.create")
}
