package anymarkettest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

// seen is a status page as its readers see it.
type seen struct {
	Page   struct{ Name string }
	Status struct{ Indicator string }

	Incidents []struct{ ID, Status string }

	Maintenances []struct {
		ID, Name, Status string
		From             string `json:"scheduled_for"`
		Until            string `json:"scheduled_until"`
	} `json:"scheduled_maintenances"`
}

// get reads url until ctx ends.
func get(ctx context.Context, c *http.Client, url string) (status int, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

func statusPage(t *testing.T, f func(t *testing.T, p *anymarkettest.StatusPage, see func(path string) seen)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := anymarkettest.NewStatusPage()
		defer func() { require.NoError(t, p.Close()) }()
		c := &http.Client{Transport: p.Transport()}
		f(t, p, func(path string) (s seen) {
			status, body, err := get(t.Context(), c, p.URL+"/api/v2/"+path)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, status)
			require.NoError(t, json.Unmarshal(body, &s), string(body))
			return s
		})
	})
}

func TestStatusPage(t *testing.T) {
	statusPage(t, func(t *testing.T, p *anymarkettest.StatusPage, see func(string) seen) {
		require.Equal(t, "none", see("summary.json").Status.Indicator)
		start := time.Date(2000, 1, 2, 4, 0, 0, 0, time.UTC)
		p.In(time.FixedZone("", -3*3600))
		a, b := p.Announce("a", start, time.Hour), p.Announce("b", start, 400*time.Hour)
		s := see("summary.json")
		require.Len(t, s.Maintenances, 2)
		require.Equal(t, "b", s.Maintenances[0].Name, "the newest first")
		require.Equal(t, "2000-01-02T01:00:00.000-03:00", s.Maintenances[1].From)
		require.Equal(t, "2000-01-02T02:00:00.000-03:00", s.Maintenances[1].Until)

		p.Mark(a, "in_progress")
		require.Equal(t, "maintenance", see("status.json").Status.Indicator)
		require.Len(t, see("scheduled-maintenances/active.json").Maintenances, 1)
		require.Len(t, see("scheduled-maintenances/upcoming.json").Maintenances, 1)
		p.Move(b, start.Add(time.Hour), time.Hour)
		require.Equal(t, "2000-01-02T02:00:00.000-03:00", see("summary.json").Maintenances[0].From)
		p.Mark(a, "completed")
		require.Len(t, see("summary.json").Maintenances, 1)
		require.Len(t, see("scheduled-maintenances.json").Maintenances, 2)
		p.Cancel(b)
		require.Empty(t, see("summary.json").Maintenances)
		require.Panics(t, func() { p.Cancel(b) })

		i := p.OpenIncident("slow", "minor")
		require.Equal(t, "minor", see("summary.json").Status.Indicator)
		require.Len(t, see("incidents/unresolved.json").Incidents, 1)
		p.ResolveIncident(i)
		require.Empty(t, see("summary.json").Incidents)
		require.Equal(t, "resolved", see("incidents.json").Incidents[0].Status)
		require.Panics(t, func() { p.ResolveIncident("none") })
		require.Len(t, p.Looks(), 13)
	})
}

func TestStatusPageThatIsSick(t *testing.T) {
	statusPage(t, func(t *testing.T, p *anymarkettest.StatusPage, see func(string) seen) {
		c := &http.Client{Transport: p.Transport()}
		url := p.URL + "/api/v2/summary.json"
		for mode, want := range map[anymarkettest.PageMode]struct {
			status int
			body   string // empty: it is JSON
			err    bool
		}{
			anymarkettest.PageDown:        {status: 503, body: "<!DOCTYPE"},
			anymarkettest.PageHTML:        {status: 200, body: "<!DOCTYPE"},
			anymarkettest.PageReset:       {err: true},
			anymarkettest.PageHanging:     {err: true},
			anymarkettest.PageSlow:        {err: true},
			anymarkettest.PageCut:         {err: true},
			anymarkettest.PageChanged:     {status: 200},
			anymarkettest.PageMalformed:   {status: 200},
			anymarkettest.PageHuge:        {status: 200, body: "        "},
			anymarkettest.PageRedirecting: {err: true},
		} {
			p.Become(mode)
			ctx, end := context.WithTimeout(t.Context(), time.Minute)
			status, body, err := get(ctx, c, url)
			end()
			if want.err {
				require.Error(t, err, mode)
				continue
			}
			require.NoError(t, err, mode)
			require.Equal(t, want.status, status, mode)
			if want.body == "" {
				require.True(t, json.Valid(body), mode)
			} else {
				require.Equal(t, want.body, string(body[:min(len(body), len(want.body))]), mode)
			}
		}
		p.RedirectTo(p.URL + "/elsewhere")
		before := len(p.Looks())
		_, _, err := get(t.Context(), c, url)
		require.Error(t, err, "again and again")
		require.Greater(t, len(p.Looks()), before+1)
		p.Become(anymarkettest.PageUp)
		require.Empty(t, see("summary.json").Maintenances)
		status, _, err := get(t.Context(), c, p.URL+"/api/v2/nothing.json")
		require.NoError(t, err)
		require.Equal(t, http.StatusNotFound, status)
	})
}

// A slow answer comes whole in the end.
func TestStatusPageThatIsSlow(t *testing.T) {
	statusPage(t, func(t *testing.T, p *anymarkettest.StatusPage, see func(string) seen) {
		p.Become(anymarkettest.PageSlow)
		began := time.Now()
		require.Equal(t, "ANYMARKET", see("summary.json").Page.Name)
		require.Greater(t, time.Since(began), 3*time.Minute)
	})
}

func TestStatusPageOnARealPort(t *testing.T) {
	t.Parallel()
	p := anymarkettest.NewStatusPage()
	url, err := p.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	status, _, err := get(t.Context(), &http.Client{Transport: tr}, url+"/api/v2/summary.json")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	// Closing ends a request that hangs.
	p.Become(anymarkettest.PageHanging)
	done := make(chan error, 1)
	go func() {
		_, _, err := get(t.Context(), &http.Client{Transport: tr}, url)
		done <- err
	}()
	require.Eventually(t, func() bool { return len(p.Looks()) == 2 }, 10*time.Second, time.Millisecond)
	require.NoError(t, p.Close())
	require.NoError(t, p.Close())
	require.Error(t, <-done)
	_, err = p.Listen(t.Context(), "nonsense")
	require.Error(t, err)
}
