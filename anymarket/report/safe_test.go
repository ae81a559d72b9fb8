package report_test

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/callback"
	"github.com/anymarket-go/sdk/anymarket/report"
)

var (
	formats   = []report.Format{report.Text, report.JSON, report.CSV, report.HTML}
	languages = []report.Language{report.English, report.Spanish, report.Portuguese}
)

// besides is something of all that a program can give.
func besides(o report.Options) report.Options {
	order := &api.Order{ID: 7, Buyer: api.Buyer{Name: "Ana Souza", Email: "ana@example.com"}}
	key := func(id string) anymarket.OrderKey {
		return anymarket.OrderKey{Marketplace: "ECOMMERCE", MarketplaceID: id}
	}
	o.Orders = []report.Recheck{{
		Account: "shop", From: o.From, To: o.To,
		Sums: anymarket.Rechecked{Same: 1200, OnlyThere: 1, OnlyHere: 2, StatusDiffers: 1, Ambiguous: 1, Waiting: 3},
		Differences: []anymarket.Difference{
			{Kind: anymarket.OnlyThere, Action: anymarket.ActionImport, Key: key("1"), There: order, Reason: "ANYMARKET has the order, with status PAID, and here it is not known"},
			{Kind: anymarket.OnlyHere, Action: anymarket.ActionRepush, Key: key("=2"), Pushed: true, Reason: "ANYMARKET does not have the order"},
			{Kind: anymarket.OnlyHere, Action: anymarket.ActionRepush, Key: key("<i>3</i>"), Pushed: true, Reason: "ANYMARKET does not have the order"},
			{Kind: anymarket.StatusDiffers, Action: anymarket.ActionAdvance, Key: key("4"), There: order, Reason: "ANYMARKET has the order as PAID, here it is INVOICED"},
			{Kind: anymarket.Ambiguous, Action: anymarket.ActionLook, Key: key("5"), Reason: "several orders of ANYMARKET have its key: 8, 9"},
		},
	}}
	for _, concern := range []anymarket.CampaignConcern{
		anymarket.CampaignStarts, anymarket.CampaignEnds, anymarket.CampaignWithin, anymarket.CampaignRuns, anymarket.CampaignUndecided,
	} {
		o.Campaigns = append(o.Campaigns, anymarket.CampaignCheck{Concern: concern, Campaign: api.Campaign{
			ID: 3, Title: "Black <b>Night</b> " + string(concern), Marketplace: "ECOMMERCE", Status: api.CampaignActive,
			InitialDate: api.At(o.From), FinalDate: api.At(o.To), ProductsCount: 12345,
		}})
	}
	o.Callbacks = []report.Guarded{{Account: "shop", Comparison: callback.Comparison{
		At: o.To, Listed: true, Remembered: 3, Differences: []callback.Difference{
			{Kind: callback.Missing, ID: 4, Address: "https://shop.example/[hidden]", Repaired: true, Reason: "it was not registered any more, and was registered again"},
			{Kind: callback.Changed, ID: 5, Address: "https://shop.example/[hidden]", Fields: []string{"orderActive"}, Reason: "it is not registered as it was"},
			{Kind: callback.Doubled, ID: 6, Address: "https://shop.example/[hidden]", Reason: "the address is registered twice"},
			{Kind: callback.Added, ID: 7, Address: "https://shop.example/[hidden]", Reason: "it was registered since"},
		},
	}}}
	o.Reloads = []report.Reload{{Account: "shop", Name: "=nightly", Sums: anymarket.Reloaded{Rows: 5000, Stored: 4000, Settled: 3990, Same: 900, GaveWay: 98, Refused: 2}}}
	return o
}

func TestNoDataOfBuyersInAnyFormat(t *testing.T) {
	overNight(t, func(n *night) {
		for _, f := range formats {
			for _, l := range languages {
				o := besides(n.options())
				o.Format, o.Language = f, l
				text, _ := n.write(o)
				for _, secret := range []string{"Ana Souza", "ana@example.com"} {
					require.NotContains(t, text, secret, "%s %s", f, l)
				}
			}
		}
	})
}

func TestCSVHasNoFormulas(t *testing.T) {
	overNight(t, func(n *night) {
		n.stock(`@SUM(A1:A9)`, "=cmd|' /C calc'!A0", "1")
		o := besides(n.options())
		o.To, o.Format, o.Zone = time.Now().Add(time.Minute), report.CSV, saoPaulo(t)
		text, _ := n.write(o)
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		require.NoError(t, err)
		escaped := 0
		for _, row := range rows {
			require.Len(t, row, len(rows[0]))
			for _, c := range row {
				if c != "" {
					require.NotContains(t, "=+-@", c[:1], c)
				}
				if strings.HasPrefix(c, "'=") || strings.HasPrefix(c, "'@") {
					escaped++
				}
			}
		}
		require.GreaterOrEqual(t, escaped, 4)
		require.Contains(t, text, "2000-01-02T00:00:01Z,2000-01-01T22:00:01-02:00", "UTC and local")
	})
}

func TestPageEscapesWhatItShows(t *testing.T) {
	overNight(t, func(n *night) {
		n.stock(`"><script>alert(1)</script>`, "bad<script>alert(2)</script>", "1")
		o := besides(n.options())
		o.To, o.Format, o.Name = time.Now().Add(time.Minute), report.HTML, "</title><script>alert(3)</script>"
		text, _ := n.write(o)
		require.NotContains(t, text, "<script")
		require.NotContains(t, text, "<b>Night")
		require.NotContains(t, text, "<i>3")
		require.Contains(t, text, "alert(2)")
		require.NotRegexp(t, `(src|href)="(http|//)`, text, "it needs nothing else")
		require.NotContains(t, text, "ZgotmplZ")
	})
}

func TestTextDrivesNoTerminal(t *testing.T) {
	overNight(t, func(n *night) {
		n.stock("red\x1b[31m", "bad\x1b]0;title\x07\u202e\n1. forged", "1")
		o := n.options()
		o.To, o.Name = time.Now().Add(time.Minute), "n\x1b[2J"
		text, _ := n.write(o)
		require.NotContains(t, text, "\x1b")
		require.NotContains(t, text, "\u202e")
		require.NotContains(t, text, "\n1. forged")
		require.Contains(t, text, `\u001b[2J`)
	})
}

func TestJSONIsTheSameInEachLanguage(t *testing.T) {
	overNight(t, func(n *night) {
		var shapes []string
		for _, l := range languages {
			o := besides(n.options())
			o.Format, o.Language = report.JSON, l
			text, _ := n.write(o)
			var all map[string]any
			require.NoError(t, json.Unmarshal([]byte(text), &all))
			require.Equal(t, string(l), all["language"])
			delete(all, "language")
			for _, task := range all["to_do"].([]any) {
				require.NotEmpty(t, task.(map[string]any)["text"])
				delete(task.(map[string]any), "text")
			}
			shape, err := json.Marshal(all)
			require.NoError(t, err)
			shapes = append(shapes, string(shape))
		}
		require.Equal(t, shapes[0], shapes[1])
		require.Equal(t, shapes[0], shapes[2])
	})
}

func saoPaulo(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("America/Sao_Paulo")
	require.NoError(t, err)
	return zone
}
