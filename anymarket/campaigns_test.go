package anymarket_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/maintenance"
	"github.com/anymarket-go/sdk/outbox"
)

func TestCampaignsAroundAWindow(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		const hour = time.Hour
		now := time.Now()
		w := maintenance.Window{Name: "night", Start: now.Add(24 * hour), End: now.Add(28 * hour)}
		for _, k := range []struct {
			title      string
			start, end time.Duration
			status     string
		}{
			{"is over before the margin", -9 * hour, 21*hour + 59*time.Minute, ""},
			{"ends as the margin begins", -9 * hour, 22 * hour, ""},
			{"ends in the window", -8 * hour, 25 * hour, ""},
			{"runs through it", -7 * hour, 99 * hour, ""},
			{"is within it", 25 * hour, 26 * hour, ""},
			{"starts in the margin after", 29 * hour, 99 * hour, ""},
			{"starts when the margin is over", 30 * hour, 99 * hour, ""},
			{"was ended early", -6 * hour, 99 * hour, "FINALIZED"},
			{"is listed as active before it starts", 24 * hour, 99 * hour, "ACTIVE"},
		} {
			s.AddCampaign(anymarkettest.Campaign{Title: k.title, Start: now.Add(k.start), End: now.Add(k.end), Status: k.status})
		}
		found, err := c.Campaigns.Around(t.Context(), w, 2*hour)
		require.NoError(t, err)
		var said []string
		for _, f := range found {
			said = append(said, fmt.Sprint(f.Campaign.Title, ": ", f.Concern))
			require.NotEmpty(t, f.Concern.Advice())
		}
		require.Equal(t, []string{
			"ends as the margin begins: ends", "ends in the window: ends", "runs through it: runs all along",
			"is listed as active before it starts: starts", "is within it: starts and ends", "starts in the margin after: starts",
		}, said)

		_, err = c.Campaigns.Around(t.Context(), w, -hour)
		var wrong *api.FieldError
		require.ErrorAs(t, err, &wrong)
		_, err = c.Campaigns.Around(t.Context(), maintenance.Window{Start: w.End, End: w.Start}, 0)
		require.ErrorAs(t, err, &wrong)

		require.NoError(t, c.Outbox().PauseAll(t.Context(), "stocktaking"))
		_, err = c.Campaigns.Around(t.Context(), w, hour)
		var closed *outbox.ClosedError
		require.ErrorAs(t, err, &closed, "it goes through the gate")
	})
}

// A campaign whose times cannot be read may be there: a person has to look.
func TestCampaignWithoutTimesIsNamed(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		s.Fail(anymarkettest.Fault{
			Route: "GET /campaigns", Times: -1, Status: 200,
			Body: `{"count":2,"values":[{"id":1,"title":"no start","finalDate":"2030-01-01T00:00:00Z"},{"id":2,"title":"long over","initialDate":"?","finalDate":"1999-01-01T00:00:00Z"}]}`,
		})
		now := time.Now()
		found, err := c.Campaigns.Around(t.Context(), maintenance.Window{Start: now, End: now.Add(time.Hour)}, 0)
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, "no start", found[0].Campaign.Title)
		require.Equal(t, anymarket.CampaignUndecided, found[0].Concern)
	})
}

func TestCampaignsList(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		now := time.Now()
		for i := range 12 {
			s.AddCampaign(anymarkettest.Campaign{Title: fmt.Sprint(i), Start: now.Add(time.Hour), End: now.Add(2 * time.Hour)})
		}
		n := 0
		for _, err := range c.Campaigns.List(t.Context(), api.CampaignScheduled, api.Paging{Limit: 5}) {
			require.NoError(t, err)
			n++
		}
		require.Equal(t, 12, n)
	})
}
