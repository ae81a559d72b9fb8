package api_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/api"
)

func TestDecimalTextIsPlain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0": "0", "-0": "0", "12": "12", "99.90": "99.90", "0.1": "0.1", "-0.5": "-0.5", "007": "7", "0.0000000001": "0.0000000001",
		"123456789012345678901234567890.12": "123456789012345678901234567890.12",
	} {
		d, err := api.ParseDecimal(text)
		require.NoError(t, err, text)
		require.True(t, d.IsSet())
		require.Equal(t, want, d.String())
		out, err := json.Marshal(d)
		require.NoError(t, err)
		require.Equal(t, want, string(out), "a JSON number")
	}
	for _, text := range []string{
		"", " ", "1 ", "+1", "1,5", "1.234,5", "1e3", "1E-3", "NaN", "Infinity", "-Inf", ".5", "1.", "-", "--1", "1-", "0x10", "1_000", "\u22121", "١",
		strings.Repeat("9", 65), "1.-5",
	} {
		_, err := api.ParseDecimal(text)
		require.Error(t, err, text)
	}
}

func TestDecimalIsReadFromWhatAnswersHold(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"12": "12", "99.90": "99.90", `"99.90"`: "99.90", "0E-8": "0.00000000", "1E+3": "1000", "1.5e1": "15", "-1.25E-1": "-0.125", " 7 ": "7",
	} {
		var d api.Decimal
		require.NoError(t, json.Unmarshal([]byte(text), &d), text)
		require.True(t, d.IsSet(), text)
		require.Equal(t, want, d.String(), text)
	}
	for _, text := range []string{
		"null", `""`, `"x"`, `"1e3"`, `"NaN"`, `"1,5"`, "true", "{}", "[1]", "1e41", "1e-41", "1e999999999999", "1E2147483648", strings.Repeat("9", 100),
	} {
		var d api.Decimal
		require.NoError(t, json.Unmarshal([]byte(text), &d), text)
		require.False(t, d.IsSet(), text)
		require.Empty(t, d.String())
	}
	require.NoError(t, (&api.Decimal{}).UnmarshalJSON(nil), "never fails")
}

func TestAbsentIsNotZero(t *testing.T) {
	t.Parallel()
	require.False(t, api.Decimal{}.IsSet())
	require.True(t, api.Qty(0).IsSet())
	require.False(t, api.Decimal{}.Equal(api.Qty(0)))
	require.True(t, api.Decimal{}.Equal(api.Decimal{}))
	require.True(t, dec(t, "1.50").Equal(dec(t, "1.5")))
	require.Equal(t, "12.5", api.QtyDecimal(decimal.RequireFromString("12.5")).Decimal().String())
	out, err := json.Marshal(struct {
		Absent api.Decimal `json:"absent,omitzero"`
		Zero   api.Decimal `json:"zero,omitzero"`
		Kept   api.Decimal `json:"kept"`
	}{Zero: api.Qty(0)})
	require.NoError(t, err)
	require.JSONEq(t, `{"zero":0,"kept":null}`, string(out))
}

// decimal has variables by which any package can change how it writes numbers.
//
//nolint:paralleltest // it sets them
func TestDecimalDoesNotDependOnGlobals(t *testing.T) {
	scientific, quoted, trim := decimal.UseScientificNotation, !decimal.MarshalJSONWithoutQuotes, decimal.TrimTrailingZeros
	defer func() {
		decimal.UseScientificNotation, decimal.MarshalJSONWithoutQuotes, decimal.TrimTrailingZeros = scientific, !quoted, trim
	}()
	for _, set := range []bool{true, false} {
		decimal.UseScientificNotation, decimal.MarshalJSONWithoutQuotes, decimal.TrimTrailingZeros = set, set, set
		for _, d := range []api.Decimal{dec(t, "1000000.50"), api.QtyDecimal(decimal.New(5, 3))} {
			out, err := json.Marshal(d)
			require.NoError(t, err)
			require.Contains(t, []string{"1000000.50", "5000"}, string(out))
		}
	}
}

func TestAbsurdDecimalsAreNotSent(t *testing.T) {
	t.Parallel()
	for _, d := range []decimal.Decimal{decimal.New(1, math.MaxInt32), decimal.New(1, math.MinInt32), decimal.RequireFromString(strings.Repeat("9", 100))} {
		huge := api.QtyDecimal(d)
		_, err := json.Marshal(huge)
		require.Error(t, err)
		require.Equal(t, "(number out of bounds)", huge.String())
		requireField(t, api.StockItem{ID: 1, Quantity: huge}.Validate(), "quantity")
	}
}

func TestTimesAreWrittenWithSecondsAndOffset(t *testing.T) {
	t.Parallel()
	for want, at := range map[string]time.Time{
		`"2024-07-28T01:00:00-03:00"`: time.Date(2024, 7, 28, 1, 0, 0, 999, brasilia()),
		`"2024-07-28T04:00:00+00:00"`: time.Date(2024, 7, 28, 4, 0, 0, 0, time.UTC),
		`"2024-07-28T09:45:00+05:45"`: time.Date(2024, 7, 28, 9, 45, 0, 0, time.FixedZone("", 20700)),
		"null":                        {},
	} {
		out, err := json.Marshal(api.At(at))
		require.NoError(t, err)
		require.Equal(t, want, string(out))
	}
	for _, at := range []time.Time{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2024, 1, 1, 0, 0, 0, 0, time.FixedZone("", 61))} {
		_, err := json.Marshal(api.At(at))
		require.Error(t, err)
	}
	out, err := json.Marshal(api.Time{Text: "soon"})
	require.NoError(t, err)
	require.Equal(t, "null", string(out))
}

func TestTimesAreReadInTheirManyForms(t *testing.T) {
	t.Parallel()
	want := time.Date(2024, 7, 28, 4, 0, 0, 0, time.UTC)
	for text, assumed := range map[string]bool{
		`"2024-07-28T01:00:00-03:00"`:     false,
		`"2024-07-28T01:00:00.000-03:00"`: false,
		`"2024-07-28T01:00:00-0300"`:      false,
		`"2024-07-28T01:00:00-03"`:        false,
		`"2024-07-28T04:00:00Z"`:          false,
		`"2024-07-28T04:00:00.000Z"`:      false,
		`"2024-07-28T04:00:00+0000"`:      false,
		`"2024-07-28T04:00:00,000Z"`:      false,
		`"2024-07-28T04:00Z"`:             false,
		`"2024-07-28 04:00:00Z"`:          false,
		` "2024-07-28T01:00:00" `:         true,
		`"2024-07-28T01:00:00.000"`:       true,
		`"2024-07-28 01:00"`:              true,
		`1722139200000`:                   false,
	} {
		var at api.Time
		require.NoError(t, json.Unmarshal([]byte(text), &at), text)
		require.True(t, want.Equal(at.Time), "%s: %s", text, at)
		require.Equal(t, assumed, at.ZoneAssumed, text)
		require.NotEmpty(t, at.Text)
	}
	for _, text := range []string{`"soon"`, `"2024-13-01T00:00:00Z"`, `"2024-07-28T25:00:00Z"`, "1722139200", "-1", "true", "{}", `"` + strings.Repeat("2", 100) + `"`} {
		var at api.Time
		require.NoError(t, json.Unmarshal([]byte(text), &at), text)
		require.True(t, at.IsZero(), text)
		require.NotEmpty(t, at.Text)
		require.LessOrEqual(t, len(at.Text), 64)
	}
	for _, text := range []string{"null", `""`} {
		var at api.Time
		require.NoError(t, json.Unmarshal([]byte(text), &at))
		require.Equal(t, api.Time{}, at)
	}
	at, err := api.ParseTime("2018-12-25T12:00:00") // summer time then
	require.NoError(t, err)
	require.True(t, time.Date(2018, 12, 25, 14, 0, 0, 0, time.UTC).Equal(at.Time), at)
	_, err = api.ParseTime("")
	require.Error(t, err)
}

func TestIDs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]api.ID{
		"7": 7, `"7"`: 7, `" 7 "`: 7, "9223372036854775807": math.MaxInt64,
		"null": 0, `""`: 0, `"x"`: 0, "-7": 0, "7.5": 0, "1e3": 0, "9223372036854775808": 0, "true": 0, "{}": 0, `"+7"`: 0, "0": 0,
	} {
		id := api.ID(1)
		require.NoError(t, json.Unmarshal([]byte(text), &id), text)
		require.Equal(t, want, id, text)
	}
	out, err := json.Marshal(api.ID(7))
	require.NoError(t, err)
	require.Equal(t, "7", string(out))
}

func TestRateLimitHeaders(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]api.RateLimit{
		"ratelimit-limit: 60":            {Limit: 60},
		"ratelimit-limit: 60, 60;w=60":   {Limit: 60},
		"X-RateLimit-Limit: 60":          {Limit: 60},
		"ratelimit-limit: 1000001":       {},
		"ratelimit-limit: +6":            {},
		"ratelimit-remaining: 0":         {RemainingKnown: true},
		"ratelimit-remaining: -1":        {},
		"ratelimit-remaining:  7 ":       {Remaining: 7, RemainingKnown: true},
		"ratelimit-remaining: x":         {},
		"ratelimit-reset: 53":            {Reset: 53 * time.Second},
		"ratelimit-reset: 86400":         {Reset: 24 * time.Hour},
		"ratelimit-reset: 86401":         {},
		"ratelimit-reset: 9999999999999": {},
	} {
		got, err := newClient(t, always(200, "{}", header)).Do(t.Context(), api.Request{Path: "/x"})
		require.NoError(t, err)
		require.Equal(t, want, got.RateLimit, header)
	}
}
