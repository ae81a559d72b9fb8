package anymarkettest_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

func TestFeeds(t *testing.T) {
	t.Parallel()
	in(t, "until acknowledged", opts{}, func(r *rig) {
		for range 20 {
			r.s.AddOrder(`{}`)
		}
		first := r.do("GET", "/orders/feeds?limit=100", "").body
		require.Equal(r.t, byte('['), first[0])
		require.Equal(r.t, 20, strings.Count(first, "token"))
		require.NotEqual(r.t, first, r.do("GET", "/orders/feeds?limit=100", "").body, "in another order")
		require.Equal(r.t, 5, strings.Count(r.do("GET", "/orders/feeds", "").body, "token"))
		r.want(400, "5", "GET", "/orders/feeds?limit=1", "")

		e := r.s.Feed("ORDER")[0]
		path := "/orders/feeds/" + itoa(e.ID)
		r.want(400, "Token inválido", "PUT", path, `{"token":"x"}`)
		r.want(400, "token", "PUT", path, `{}`)
		r.want(404, "", "PUT", "/orders/feeds/1", `{"token":"x"}`)
		r.s.SetOrder(e.ID, `{"partnerId":"P"}`)
		r.want(400, "Token inválido", "PUT", path, `{"token":"`+e.Token+`"}`)
		e = r.s.Feed("ORDER")[0]
		r.want(204, "", "PUT", path, `{"token":"`+e.Token+`"}`)
		require.Len(r.t, r.s.Feed("ORDER"), 19)
		time.Sleep(31 * 24 * time.Hour)
		require.Equal(r.t, "[]", r.do("GET", "/orders/feeds", "").body, "entries live 30 days")
	})
	in(t, "by status", opts{FeedStatuses: []string{"PENDING", "CONCLUDED"}}, func(r *rig) {
		id := r.s.AddOrder(`{}`)
		r.s.SetOrder(id, `{"status":"INVOICED"}`)
		r.s.SetOrder(id, `{"status":"CONCLUDED"}`)
		feed := r.s.Feed("ORDER")
		require.Len(r.t, feed, 2)
		require.Equal(r.t, 1, strings.Count(r.do("GET", "/orders/feeds?status=PENDING", "").body, "token"))
		r.want(204, "", "PUT", "/orders/feeds/"+itoa(id)+"?status=PENDING", `{"token":"`+feed[0].Token+`"}`)
		require.Len(r.t, r.s.Feed("ORDER"), 1)
		r.want(204, "", "PUT", "/orders/feeds/batch", `[{"id":`+itoa(id)+`,"token":"`+feed[1].Token+`","type":"ORDER"}]`)
		require.Empty(r.t, r.s.Feed("ORDER"))
	})
	in(t, "of other things", opts{}, func(r *rig) {
		r.s.AddFeed("PRODUCT", 1, "")
		r.s.AddFeed("TRANSMISSION", 2, "")
		r.want(200, `"id":1`, "GET", "/products/feeds", "")
		r.want(200, `"id":2`, "GET", "/transmissions/feeds", "")
		r.want(204, "", "PUT", "/transmissions/feeds/2", `{"token":"`+r.s.Feed("TRANSMISSION")[0].Token+`"}`)
		r.want(404, "", "PUT", "/transmissions/feeds/2", `{"token":"x"}`)
		r.want(400, "Token inválido", "PUT", "/products/feeds/1", `{"token":"x"}`)
		r.want(204, "", "PUT", "/products/feeds/1", `{"token":"`+r.s.Feed("PRODUCT")[0].Token+`"}`)
		require.Empty(r.t, r.s.Feed("PRODUCT"))
	})
}

func TestOneSeedOneStory(t *testing.T) {
	t.Parallel()
	story := func(seed uint64) (out string) {
		anymarkettest.RunWith(t, opts{Seed: seed}, func(t *testing.T, s *anymarkettest.Server) {
			t.Helper()
			for range 9 {
				s.AddOrder(`{}`)
			}
			out = newRig(t, s).do("GET", "/orders/feeds?limit=100", "").body
		})
		return out
	}
	first, again, other := story(1), story(1), story(2)
	require.Equal(t, first, again)
	require.NotEqual(t, first, other)
}

func TestCallbackRegistrations(t *testing.T) {
	t.Parallel()
	const body = `{"url":"https://erp.test/hook","orderActive":true}`
	in(t, "life of one", opts{}, func(r *rig) {
		got := r.want(201, `"orderActive":true`, "POST", "/callbacks/", body).decode(r.t)
		require.Contains(r.t, got, "id")
		id := itoa(r.s.Callbacks()[0].ID)
		r.want(200, "erp.test", "GET", "/callbacks", "")
		r.want(200, "erp.test", "GET", "/callbacks/"+id, "")
		r.want(200, `"productActive":true`, "PUT", "/callbacks/"+id, `{"url":"https://erp.test/2","productActive":true}`)
		r.want(422, "url", "PUT", "/callbacks/"+id, `{"url":"`+strings.Repeat("x", 256)+`"}`)
		r.want(204, "", "DELETE", "/callbacks/"+id, "")
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			r.want(404, "", method, "/callbacks/"+id, body)
		}
		r.s.RemoveCallback(r.s.AddCallback(anymarkettest.Callback{URL: "http://x"}))
		require.Empty(r.t, r.s.Callbacks())
	})
	in(t, "no list, another status", opts{CallbackListing: 405, OtherSpelling: true}, func(r *rig) {
		r.want(405, "", "GET", "/callbacks/", "")
		r.want(200, "", "POST", "/callbacks", body)
	})
}

// receiver takes callbacks as an ERP would.
type receiver struct {
	mu     sync.Mutex
	status int
	bodies []string
	times  []time.Time
}

func (h *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.bodies = append(h.bodies, string(b))
	h.times = append(h.times, time.Now())
	w.WriteHeader(h.status)
}

func (h *receiver) set(status int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status = status
}

func TestCallbacks(t *testing.T) {
	t.Parallel()
	start := func(r *rig, url string) *receiver {
		h := &receiver{status: 200}
		r.s.Host("erp.test", h)
		r.s.AddCallback(anymarkettest.Callback{URL: url, Order: true})
		return h
	}
	in(t, "taken", opts{}, func(r *rig) {
		h := start(r, "https://erp.test/hook")
		id := r.s.AddOrder(`{}`)
		synctest.Wait()
		require.Equal(r.t, []string{`{"content":{"id":"` + itoa(id) + `","oi":"` + r.s.OI() + `"},"event":"CREATE","type":"ORDER"}`}, h.bodies)
		require.Empty(r.t, r.s.Feed("ORDER"))
		r.s.SetOrder(id, `{"status":"CONCLUDED"}`)
		synctest.Wait()
		require.Contains(r.t, h.bodies[1], `"event":"CONCLUDED"`)
	})
	in(t, "three attempts, then the feed", opts{CallbackDisableAfter: 2}, func(r *rig) {
		h := start(r, "http://erp.test/hook")
		h.set(500)
		r.s.AddOrder(`{}`)
		time.Sleep(119 * time.Second)
		require.Empty(r.t, r.s.Feed("ORDER"))
		time.Sleep(2 * time.Second)
		require.Len(r.t, r.s.Feed("ORDER"), 1)
		require.Len(r.t, h.bodies, 3)
		require.Equal(r.t, time.Minute, h.times[2].Sub(h.times[1]))
		require.False(r.t, r.s.Callbacks()[0].Disabled)
		r.s.AddOrder(`{}`)
		time.Sleep(10 * time.Minute)
		require.True(r.t, r.s.Callbacks()[0].Disabled)
		r.s.AddOrder(`{}`)
		synctest.Wait()
		require.Len(r.t, r.s.Feed("ORDER"), 3, "straight into the feed")
		pushes := r.s.Pushes()
		require.Len(r.t, pushes, 6)
		require.Equal(r.t, 3, pushes[2].Attempt)
		require.Equal(r.t, 500, pushes[2].Status)
	})
	in(t, "lost and overtaken", opts{}, func(r *rig) {
		h := start(r, "http://erp.test/hook")
		r.s.SetFates(func(p anymarkettest.Push) anymarkettest.Fate {
			if strings.Contains(p.Body, "CREATE") {
				return anymarkettest.Fate{After: 10 * time.Second}
			}
			return anymarkettest.Fate{Lost: p.Attempt < 3 || strings.Contains(p.Body, "CONCLUDED")}
		})
		id := r.s.AddOrder(`{}`)
		r.s.SetOrder(id, `{"status":"INVOICED"}`)
		r.s.SetOrder(id, `{"status":"CONCLUDED"}`)
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Len(r.t, h.bodies, 2)
		require.Contains(r.t, h.bodies[0], "CREATE")
		require.Contains(r.t, h.bodies[1], "INVOICED")
		require.Len(r.t, r.s.Pushes(), 7)
		require.Contains(r.t, r.s.Pushes()[0].Err, "lost")
		feed := r.s.Feed("ORDER")
		require.Len(r.t, feed, 1)
		require.Equal(r.t, "CONCLUDED", feed[0].Status)
		r.s.SetFates(nil)
		r.s.SetOrder(id, `{"status":"CANCELED"}`)
		synctest.Wait()
		require.Len(r.t, h.bodies, 3)
	})
	in(t, "nobody there, in a maintenance, twice, other spelling", opts{CallbackTwice: true, FeedAlways: true, OtherSpelling: true}, func(r *rig) {
		r.s.AddCallback(anymarkettest.Callback{URL: "https://nobody.test/", Order: true})
		r.s.Maintenance(time.Hour)
		id := r.s.AddOrder(`{}`)
		require.Len(r.t, r.s.Feed("ORDER"), 1)
		time.Sleep(30 * time.Minute)
		require.Empty(r.t, r.s.Pushes(), "nothing is processed")
		r.s.EndMaintenance()
		synctest.Wait()
		pushes := r.s.Pushes()
		require.Len(r.t, pushes, 2)
		require.Contains(r.t, pushes[0].Err, "connection refused")
		require.Equal(r.t, `{"content":{"id":`+itoa(id)+`,"metadata":{},"oi":"`+r.s.OI()+`"},"type":"ORDER"}`, pushes[0].Body)
	}) // closed with attempts outstanding
}
