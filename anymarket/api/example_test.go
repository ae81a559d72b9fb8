package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// sandbox is a host that shows what arrives and answers as told.
func sandbox(answers ...string) (c *api.Client, done func()) {
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Println(strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Method, r.URL, body)))
		answer := answers[0]
		answers = answers[1:]
		switch answer {
		case "":
			w.WriteHeader(http.StatusNoContent)
		case "down":
			w.Header().Set("Retry-After", "14400")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, "<html><title>Em manutenção</title></html>")
		default:
			_, _ = io.WriteString(w, answer)
		}
	}))
	token, err := api.StaticToken("a-token")
	if err != nil {
		panic(err)
	}
	c, err = api.New(api.Config{BaseURL: host.URL + "/v2", Token: token})
	if err != nil {
		panic(err)
	}
	return c, func() {
		c.CloseIdleConnections()
		host.Close()
	}
}

func Example() {
	c, done := sandbox("")
	defer done()
	err := c.Stocks().Put(context.Background(),
		api.StockItem{PartnerID: "SKU-1", Quantity: api.Qty(12)},
		api.StockItem{PartnerID: "SKU-2", Quantity: api.Qty(0)})
	fmt.Println(err)
	// Output:
	// PUT /v2/stocks [{"partnerId":"SKU-1","quantity":12},{"partnerId":"SKU-2","quantity":0}]
	// <nil>
}

// A forgotten quantity is not zero.
func ExampleFieldError() {
	c, done := sandbox()
	defer done()
	err := c.Stocks().Put(context.Background(), api.StockItem{PartnerID: "SKU-1"})
	fmt.Println(err)
	// Output: [0].quantity is missing; zero has to be said
}

// A failed call tells whose fault it was, and whether it may have arrived.
func ExampleClassify() {
	c, done := sandbox("down")
	defer done()
	err := c.Stocks().Put(context.Background(), api.StockItem{PartnerID: "SKU-1", Quantity: api.Qty(12)})
	fmt.Println(err)
	o := api.Classify(err)
	fmt.Println(o.Sent, o.Status, o.Shape, o.RetryAfter)
	// Output:
	// PUT /v2/stocks [{"partnerId":"SKU-1","quantity":12}]
	// PUT /stocks: 503 Service Unavailable: HTML page: Em manutenção (retry after 4h0m0s)
	// true 503 HTML page 4h0m0s
}

// Bulk prices succeed or fail one by one.
func ExamplePrices_PutAds() {
	c, done := sandbox(`[{"id":20,"errorMsg":null},{"id":21,"errorMsg":"Preço calculado"}]`)
	defer done()
	price, err := api.ParseDecimal("99.90")
	if err != nil {
		panic(err)
	}
	results, err := c.Prices().PutAds(context.Background(),
		api.AdPrice{ID: 20, Price: price, DiscountPrice: price}, api.AdPrice{ID: 21, Price: price, DiscountPrice: price})
	fmt.Println(api.FailedAds(results), err)
	// Output:
	// PUT /v2/skus/marketplaces/prices [{"id":20,"price":99.90,"discountPrice":99.90},{"id":21,"price":99.90,"discountPrice":99.90}]
	// map[21:Preço calculado] <nil>
}

// Lists are read page by page.
func ExampleOrders_List() {
	c, done := sandbox(`{"content":[{"id":1},{"id":2},{"id":3},{"id":4},{"id":5}],"links":[{"rel":"next"}]}`, `{"content":[{"id":6}],"links":[]}`)
	defer done()
	since := time.Date(2024, 7, 28, 1, 0, 0, 0, time.FixedZone("", -3*60*60))
	for order, err := range c.Orders().List(context.Background(), api.OrderFilter{CreatedAfter: since}, api.Paging{Limit: 5}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Print(order.ID, " ")
	}
	// Output:
	// GET /v2/orders?createdAfter=2024-07-28T01%3A00%3A00-03%3A00&limit=5&offset=0
	// 1 2 3 4 5 GET /v2/orders?createdAfter=2024-07-28T01%3A00%3A00-03%3A00&limit=5&offset=5
	// 6
}

// After an unknown outcome, look before creating again.
func ExampleOrders_LookUp() {
	c, done := sandbox(`{"content":[{"id":4711,"marketPlace":"ECOMMERCE","marketPlaceId":"M-1"}]}`)
	defer done()
	orders, err := c.Orders().LookUp(context.Background(), "ECOMMERCE", "M-1")
	switch {
	case errors.Is(err, api.ErrFilterIgnored):
		fmt.Println("nothing proven")
	case err != nil:
		fmt.Println(err)
	case len(orders) == 1:
		fmt.Println("it is there:", orders[0].ID)
	}
	// Output:
	// GET /v2/orders?limit=100&marketplace=ECOMMERCE&marketplaceId=M-1&offset=0
	// it is there: 4711
}

// Orders move to a status with what belongs to it.
func ExampleOrders_Update() {
	c, done := sandbox(`{"id":4711,"status":"PAID_WAITING_DELIVERY"}`)
	defer done()
	shipped := api.At(time.Date(2024, 7, 28, 8, 0, 0, 0, time.FixedZone("", -3*60*60)))
	order, err := c.Orders().Update(context.Background(), 4711, api.OrderUpdate{
		Status:   api.StatusShipped,
		Tracking: &api.Tracking{Number: "BR1", Carrier: "Correios", ShippedDate: shipped},
	})
	fmt.Println(order.Status, err)
	// Output:
	// PUT /v2/orders/4711 {"status":"PAID_WAITING_DELIVERY","tracking":{"number":"BR1","carrier":"Correios","shippedDate":"2024-07-28T08:00:00-03:00"}}
	// PAID_WAITING_DELIVERY <nil>
}

// Endpoints without a method of their own are reached as well.
func ExampleClient_Do() {
	c, done := sandbox(`{"marketplaces":[]}`)
	defer done()
	answer, err := c.Do(context.Background(), api.Request{Path: "/marketplaces"})
	fmt.Println(answer.Status, string(answer.Body), err)
	// Output:
	// GET /v2/marketplaces
	// 200 {"marketplaces":[]} <nil>
}
