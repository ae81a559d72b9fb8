package anymarkettest_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

func orders(r *rig, n int) {
	for i := range n {
		r.s.AddOrder(fmt.Sprintf(`{"marketPlace":"X","marketPlaceId":"%d"}`, i))
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	links := func(r *rig, path string) map[string]string {
		out := map[string]string{}
		list, ok := r.do("GET", path, "").decode(r.t)["links"].([]any)
		require.True(r.t, ok)
		for _, l := range list {
			m, ok := l.(map[string]any)
			require.True(r.t, ok)
			out[fmt.Sprint(m["rel"])] = fmt.Sprint(m["href"])
		}
		return out
	}
	in(t, "http links, no content at the end", opts{}, func(r *rig) {
		orders(r, 12)
		require.Equal(r.t, map[string]string{"next": "http://anymarket.test/v2/orders?limit=5&offset=5"}, links(r, "/orders"))
		require.Equal(r.t, map[string]string{"prev": "http://anymarket.test/v2/orders?limit=10&offset=0"}, links(r, "/orders?limit=10&offset=10"))
		got := r.do("GET", "/orders?offset=20&limit=5", "").decode(r.t)
		require.NotContains(r.t, got, "content")
		require.Equal(r.t, map[string]any{"size": 5.0, "totalElements": 12.0, "totalPages": 3.0, "number": 4.0}, got["page"])
		u, err := url.Parse(links(r, "/orders?gumgaToken=token-shop")["next"])
		require.NoError(r.t, err)
		require.NotContains(r.t, u.String(), "token")
		r.want(400, "mínimo", "GET", "/orders?limit=4", "")
		r.want(400, "Paginação", "GET", "/orders?offset=-1", "")
		r.want(200, `"size":100`, "GET", "/orders?limit=101", "")
	})
	in(t, "other worlds", opts{Links: anymarkettest.LinksSame, RefuseBigLimit: true, EmptyContent: true, PageBase: 1, DefaultLimit: 10}, func(r *rig) {
		orders(r, 12)
		require.Equal(r.t, "https://anymarket.test/v2/orders?limit=10&offset=10", links(r, "/orders")["next"])
		r.want(400, "máximo", "GET", "/orders?limit=101", "")
		r.want(200, `"content":[]`, "GET", "/orders?offset=20", "")
		r.want(200, `"number":1`, "GET", "/orders", "")
	})
	in(t, "foreign links, an offset that is ignored", opts{Links: anymarkettest.LinksForeign, IgnoreFilters: []string{"offset"}}, func(r *rig) {
		orders(r, 12)
		require.True(r.t, strings.HasPrefix(links(r, "/orders")["next"], "http://elsewhere.test/"))
		r.want(200, `"marketPlaceId":"0"`, "GET", "/orders?offset=5", "")
	})
}

func TestCampaigns(t *testing.T) {
	t.Parallel()
	in(t, "by status", opts{}, func(r *rig) {
		now := time.Now()
		day := 24 * time.Hour
		id := r.s.AddCampaign(anymarkettest.Campaign{Title: "Now", Start: now, End: now.Add(day), Marketplace: "X", Products: 3})
		r.s.AddCampaign(anymarkettest.Campaign{Title: "Next", Start: now.Add(day), End: now.Add(2 * day)})
		r.s.AddCampaign(anymarkettest.Campaign{Title: "Odd", Start: now.Add(day), End: now.Add(2 * day), Status: "FINALIZED"})
		got := r.want(200, `"title":"Next"`, "GET", "/campaigns?status=SCHEDULED", "")
		require.Contains(r.t, got.body, `"count":1,"pageSize":5,"start":0`)
		require.Contains(r.t, got.body, `"initialDate":"2000-01-02T00:00:00.000Z"`)
		require.Contains(r.t, got.body, `"idAccount":"999001"`)
		r.want(200, `"count":3`, "GET", "/campaigns", "")
		r.want(400, "Status", "GET", "/campaigns?status=OLD", "")
		r.want(200, `"ACTIVE"`, "GET", "/campaigns/"+itoa(id), "")
		r.want(200, `"ACTIVE"`, "GET", "/campaigns/active/"+itoa(id)+"/X", "")
		r.want(404, "", "GET", "/campaigns/active/"+itoa(id)+"/Y", "")
		r.want(404, "", "GET", "/campaigns/1", "")
		time.Sleep(day)
		r.want(404, "", "GET", "/campaigns/active/"+itoa(id)+"/X", "")
		r.want(200, `"title":"Next"`, "GET", "/campaigns?status=ACTIVE", "")
	})
	in(t, "a count that is off", opts{CampaignCountOff: 1, OtherSpelling: true}, func(r *rig) {
		r.s.AddCampaign(anymarkettest.Campaign{Title: "Now"})
		r.want(200, `"count":2`, "GET", "/campaigns", "")
		r.want(200, `"idAccount":999001`, "GET", "/campaigns", "")
		r.want(200, `"values":[]`, "GET", "/campaigns?offset=10", "")
	})
}
