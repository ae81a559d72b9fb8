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

func TestUpcoming(t *testing.T) {
	t.Parallel()
	page := anymarkettest.NewStatusPage()
	t.Cleanup(func() { require.NoError(t, page.Close()) })
	url, err := page.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	soon := time.Now().Add(36*time.Hour - 20*time.Second).Truncate(time.Second)
	page.Announce("on the page", soon, time.Hour)
	windows := filepath.Join(t.TempDir(), "windows.json")
	_, err = maintenance.NewFile(windows).Add(maintenance.Spec{Name: "in the file", Start: soon.Add(time.Hour), End: soon.Add(2 * time.Hour)})
	require.NoError(t, err)

	args := []string{"upcoming", "--windows", windows, "--status-page", url, "--allow-private", "--zone", "America/Sao_Paulo"}
	got := ctl(t, "", args...)
	require.Equal(t, exit.Done, got.code, got)
	zone, err := time.LoadLocation("America/Sao_Paulo")
	require.NoError(t, err)
	for _, words := range []string{"on the page, ", "in the file, ", soon.In(zone).Format("2006-01-02 15:04"), soon.UTC().Format(time.RFC3339), "America/Sao_Paulo", "begins in 35h59m"} {
		require.Contains(t, got.out, words)
	}
	said := decoded[upcomingJSON](t, ctl(t, "", append(args, "--json")...))
	require.Len(t, said, 2)
	require.Equal(t, "on the page", said[0].Name)
	require.True(t, said[0].Start.Equal(soon))
	_, offset := said[0].LocalStart.Zone()
	require.Equal(t, -3*60*60, offset)

	page.Become(anymarkettest.PageDown)
	got = ctl(t, "", args...)
	require.Equal(t, exit.Failed, got.code, got)
	require.Contains(t, got.out, "in the file", "the file counts although the page is down")
	require.Contains(t, got.errors, "status page")

	got = ctl(t, "", "upcoming", "--status-page", url)
	require.Equal(t, exit.Usage, got.code, "a private page wants to be allowed", got)
	require.Equal(t, exit.Usage, ctl(t, "", "upcoming").code)
	require.Equal(t, exit.Usage, ctl(t, "", "upcoming", "--windows", windows, "--zone", "Brasília").code)
}
