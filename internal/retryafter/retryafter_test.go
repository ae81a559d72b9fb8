package retryafter_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/internal/retryafter"
)

func TestParse(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, 7, 28, 4, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"0":                               0,
		"53":                              53 * time.Second,
		" 53 ":                            53 * time.Second,
		"007":                             7 * time.Second,
		"3599":                            3599 * time.Second,
		"3600":                            time.Hour,
		"3601":                            time.Hour,
		"9223372037":                      time.Hour, // would overflow a Duration
		"99999999999999999999999999":      time.Hour, // would overflow 64 bits
		"Sun, 28 Jul 2024 04:00:30 GMT":   30 * time.Second,
		"Sunday, 28-Jul-24 04:00:30 GMT":  30 * time.Second,
		"Sun Jul 28 04:00:30 2024":        30 * time.Second,
		"Sun, 28 Jul 2024 08:00:00 GMT":   time.Hour,
		"Sun, 28 Jul 2024 03:00:00 GMT":   0,
		"Mon, 01 Jan 0001 00:00:00 GMT":   0,
		"Fri, 31 Dec 9999 23:59:59 GMT":   time.Hour,
		"  Sun, 28 Jul 2024 04:00:30 GMT": 30 * time.Second,
	} {
		got, ok := retryafter.Parse(value, now, time.Hour)
		require.True(t, ok, value)
		require.Equal(t, want, got, value)
	}
	for _, value := range []string{"", " ", "-1", "+1", "1.5", "1e3", "0x10", "soon", "1, 2", "2024-07-28T04:00:30Z", "Sun, 32 Jul 2024 04:00:30 GMT", "١٢"} {
		_, ok := retryafter.Parse(value, now, time.Hour)
		require.False(t, ok, value)
	}
}

func TestParseWithoutRoom(t *testing.T) {
	t.Parallel()
	for _, limit := range []time.Duration{0, -time.Second} {
		got, ok := retryafter.Parse("5", time.Time{}, limit)
		require.True(t, ok)
		require.Zero(t, got)
	}
	got, ok := retryafter.Parse("5", time.Time{}, 1500*time.Millisecond)
	require.True(t, ok)
	require.Equal(t, 1500*time.Millisecond, got)
}

func FuzzParse(f *testing.F) {
	f.Add("53", int64(0), int64(time.Hour))
	f.Add("Sun, 28 Jul 2024 04:00:30 GMT", int64(1722139200), int64(time.Hour))
	f.Add("99999999999999999999", int64(-1), int64(-1))
	f.Fuzz(func(t *testing.T, value string, unix, limit int64) {
		now := time.Unix(unix, 0)
		got, ok := retryafter.Parse(value, now, time.Duration(limit))
		require.GreaterOrEqual(t, got, time.Duration(0))
		require.LessOrEqual(t, got, max(time.Duration(limit), 0))
		if n, err := strconv.ParseUint(value, 10, 31); err == nil && value[0] != '+' {
			require.True(t, ok)
			require.Equal(t, min(time.Duration(n)*time.Second, max(time.Duration(limit), 0)), got)
		}
		if _, err := http.ParseTime(value); err == nil {
			require.True(t, ok)
		}
	})
}
