package api_test

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// list is a host with orders 1 to total.
type list struct {
	total int
	size  int // of pages at most, whatever the limit; zero for any
	links bool
	calls []string
	envel func(rows []string, offset, limit int) string
}

func (l *list) RoundTrip(r *http.Request) (*http.Response, error) {
	q := r.URL.Query()
	l.calls = append(l.calls, q.Get("offset")+"+"+q.Get("limit"))
	offset, _ := strconv.Atoi(q.Get("offset"))
	limit, _ := strconv.Atoi(q.Get("limit"))
	if l.size > 0 {
		limit = min(limit, l.size)
	}
	var rows []string
	for i := offset; i < min(offset+limit, l.total); i++ {
		rows = append(rows, fmt.Sprintf(`{"id":%d}`, i+1))
	}
	if l.envel != nil {
		return reply(200, l.envel(rows, offset, limit)), nil
	}
	if !l.links {
		return reply(200, `{"content":[`+strings.Join(rows, ",")+`],"page":{"size":5}}`), nil
	}
	links := `{"rel":"prev","href":"http://evil.example/v2/orders?offset=0"}`
	if offset+limit < l.total {
		links += `,{"rel":"next","href":"http://evil.example/v2/orders?offset=1"}`
	}
	return reply(200, `{"links":[`+links+`],"content":[`+strings.Join(rows, ",")+`]}`), nil
}

func readIDs(t *testing.T, c *api.Client, paging api.Paging) ([]api.ID, error) {
	t.Helper()
	var ids []api.ID
	for order, err := range c.Orders().List(t.Context(), api.OrderFilter{}, paging) {
		if err != nil {
			return ids, err
		}
		ids = append(ids, order.ID)
	}
	return ids, nil
}

func TestListsAreReadToTheirEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		host   list
		paging api.Paging
		calls  string
	}{
		"no next link":                  {list{total: 12, links: true}, api.Paging{Limit: 5}, "0+5 5+5 10+5"},
		"no next link, last page full":  {list{total: 10, links: true}, api.Paging{Limit: 5}, "0+5 5+5"},
		"no links, short page":          {list{total: 12}, api.Paging{Limit: 5}, "0+5 5+5 10+5"},
		"no links, last page full":      {list{total: 10}, api.Paging{Limit: 5}, "0+5 5+5 10+5"},
		"shorter pages than asked for":  {list{total: 45, links: true, size: 20}, api.Paging{}, "0+100 20+100 40+100"},
		"empty":                         {list{links: true}, api.Paging{}, "0+100"},
		"from an offset":                {list{total: 12, links: true}, api.Paging{Offset: 7, Limit: 5}, "7+5"},
		"from an offset beyond the end": {list{total: 12, links: true}, api.Paging{Offset: 70, Limit: 5}, "70+5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ids, err := readIDs(t, newClient(t, &c.host), c.paging)
			require.NoError(t, err)
			require.Len(t, ids, max(0, c.host.total-c.paging.Offset))
			for i, id := range ids {
				require.Equal(t, api.ID(i+1+c.paging.Offset), id)
			}
			require.Equal(t, c.calls, strings.Join(c.host.calls, " "))
		})
	}
}

func TestCampaignsHaveAnEnvelopeOfTheirOwn(t *testing.T) {
	t.Parallel()
	envelope := func(count func(total, n int) string) func([]string, int, int) string {
		return func(rows []string, offset, limit int) string {
			return fmt.Sprintf(`{"pageSize":%d,%s"start":%d,"values":[%s]}`, limit, count(12, len(rows)), offset, strings.Join(rows, ","))
		}
	}
	for name, c := range map[string]struct {
		count func(total, n int) string
		total int
		calls string
	}{
		"count of all":         {func(total, _ int) string { return fmt.Sprintf(`"count":%d,`, total) }, 12, "0+5 5+5 10+5"},
		"count of this page":   {func(_, n int) string { return fmt.Sprintf(`"count":%d,`, n) }, 12, "0+5 5+5 10+5"},
		"count off by one":     {func(total, _ int) string { return fmt.Sprintf(`"count":%d,`, total+1) }, 12, "0+5 5+5 10+5 12+5"},
		"no count":             {func(int, int) string { return "" }, 12, "0+5 5+5 10+5"},
		"count of all as text": {func(total, _ int) string { return fmt.Sprintf(`"count":"%d",`, total) }, 12, "0+5 5+5 10+5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := &list{total: c.total, envel: envelope(c.count)}
			got, err := all(newClient(t, host).Campaigns().List(t.Context(), api.CampaignActive, api.Paging{Limit: 5}))
			require.NoError(t, err)
			require.Len(t, got, c.total)
			require.Equal(t, c.calls, strings.Join(host.calls, " "))
		})
	}
}

func TestListsThatDoNotEnd(t *testing.T) {
	t.Parallel()
	again := always(200, `{"content":[{"id":1}],"links":[{"rel":"next"}]}`)
	ids, err := readIDs(t, newClient(t, again), api.Paging{})
	require.ErrorIs(t, err, api.ErrPageRepeated)
	require.Equal(t, []api.ID{1}, ids)

	n := 0
	endless := transport(func(*http.Request) (*http.Response, error) {
		n++
		return reply(200, fmt.Sprintf(`{"content":[{"id":%d}],"links":[{"rel":"next"}]}`, n)), nil
	})
	ids, err = readIDs(t, newClient(t, endless, func(c *api.Config) { c.MaxPages = 3 }), api.Paging{})
	require.ErrorIs(t, err, api.ErrTooManyPages)
	require.Len(t, ids, 3)
	require.Equal(t, 3, n)
}

func TestListContinuesWhereItBroke(t *testing.T) {
	t.Parallel()
	host := &list{total: 12, links: true}
	broken := transport(func(r *http.Request) (*http.Response, error) {
		if r.URL.Query().Get("offset") == "5" {
			return reply(503, unavailableHTML), nil
		}
		return host.RoundTrip(r)
	})
	ids, err := readIDs(t, newClient(t, broken), api.Paging{Limit: 5})
	require.Len(t, ids, 5)
	var at *api.PageError
	require.ErrorAs(t, err, &at)
	require.Equal(t, 5, at.Offset)
	require.Equal(t, 503, api.Classify(err).Status)
	rest, err := readIDs(t, newClient(t, host), api.Paging{Limit: 5, Offset: at.Offset})
	require.NoError(t, err)
	require.Equal(t, api.ID(12), append(ids, rest...)[11])
}

func TestListStopsWhenNobodyListens(t *testing.T) {
	t.Parallel()
	host := &list{total: 100, links: true}
	for _, err := range newClient(t, host).Orders().List(t.Context(), api.OrderFilter{}, api.Paging{Limit: 5}) {
		require.NoError(t, err)
		break
	}
	require.Equal(t, []string{"0+5"}, host.calls)
}

func TestPagingIsChecked(t *testing.T) {
	t.Parallel()
	c := newClient(t, transport(func(*http.Request) (*http.Response, error) {
		t.Error("sent")
		return nil, errors.New("sent")
	}))
	for field, paging := range map[string]api.Paging{
		"limit": {Limit: 4}, "offset": {Offset: -1}, "sortDirection": {SortDirection: "UP"},
	} {
		_, err := c.Orders().Page(t.Context(), api.OrderFilter{}, paging)
		requireField(t, err, field)
		_, err = readIDs(t, c, paging)
		requireField(t, err, field)
	}
	_, err := c.Orders().Page(t.Context(), api.OrderFilter{}, api.Paging{Limit: 101})
	requireField(t, err, "limit")
	_, err = c.Feeds().Orders(t.Context(), 4)
	requireField(t, err, "limit")
}

// What is no page must not read as an empty one: a look-up would take it for
// proof that there is nothing.
func TestWhatIsNoPage(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `[]`, `null`, `{"message":"ok"}`, `{"content":null}`, `{"content":[1]}`, `{"content":[{}]}`, `{"content":"x"}`, `{"content":[],"page":{"totalElements":3}}`} {
		_, err := newClient(t, always(200, body)).Orders().LookUp(t.Context(), "ECOMMERCE", "M-1")
		require.Equal(t, api.ShapeJSON, api.Classify(err).Shape, body)
	}
	for _, body := range []string{`{}`, `[]`, `{"values":[{}]}`, `{"values":[],"count":3}`} {
		_, err := newClient(t, always(200, body)).Campaigns().Page(t.Context(), "", api.Paging{})
		require.Equal(t, api.ShapeJSON, api.Classify(err).Shape, body)
	}
	for _, body := range []string{`{"content":[]}`, `{"page":{}}`, `{"links":[]}`, `{"content":null,"page":{"totalElements":0}}`} {
		orders, err := newClient(t, always(200, body)).Orders().LookUp(t.Context(), "ECOMMERCE", "M-1")
		require.NoError(t, err)
		require.Empty(t, orders)
	}
}

func TestLookUpsVerifyTheirRows(t *testing.T) {
	t.Parallel()
	page := func(rows string) *api.Client { return newClient(t, always(200, `{"content":[`+rows+`]}`)) }
	const hit, other = `{"id":1,"marketPlace":"ECOMMERCE","marketPlaceId":"M-1"}`, `{"id":2,"marketPlace":"ECOMMERCE","marketPlaceId":"M-10"}`
	for rows, want := range map[string]int{
		hit: 1, hit + "," + other: 1, hit + "," + hit: 2, "": 0,
		// An id that became a number is still the id.
		`{"id":1,"marketPlace":"ecommerce","marketPlaceId":"M-1"}`: 1,
	} {
		orders, err := page(rows).Orders().LookUp(t.Context(), "ECOMMERCE", "M-1")
		require.NoError(t, err)
		require.Len(t, orders, want)
	}
	orders, err := page(`{"id":1,"marketPlace":"ECOMMERCE","marketPlaceId":1001}`).Orders().LookUp(t.Context(), "ECOMMERCE", "1001")
	require.NoError(t, err)
	require.Len(t, orders, 1)
	_, err = page(other).Orders().LookUp(t.Context(), "ECOMMERCE", "M-1")
	require.ErrorIs(t, err, api.ErrFilterIgnored)
	_, err = page(hit).Orders().LookUp(t.Context(), "SHOPEE", "M-1")
	require.ErrorIs(t, err, api.ErrFilterIgnored)
	_, err = page(`{"id":1,"skus":[{"id":2,"partnerId":"B"}]}`).Products().BySKU(t.Context(), "A")
	require.ErrorIs(t, err, api.ErrFilterIgnored)
	_, err = newClient(t, always(200, `{"id":1,"partnerId":"B"}`)).SKUs().ByPartnerID(t.Context(), "A")
	require.ErrorIs(t, err, api.ErrFilterIgnored)
}
