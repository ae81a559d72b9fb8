package anymarkettest_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

// A test of a client through a maintenance of four hours. It takes
// milliseconds.
func Example() {
	var result string
	test := func(t *testing.T) {
		anymarkettest.Run(t, func(t *testing.T, s *anymarkettest.Server) {
			client := s.Client()
			put := func() int { // what the program under test would do
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.URL+"/stocks", strings.NewReader(`[{"partnerId":"SKU-1","quantity":12}]`))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("gumgaToken", s.Token())
				resp, err := client.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
				return resp.StatusCode
			}
			start := time.Now()
			s.Maintenance(4 * time.Hour)
			for put() != http.StatusNoContent {
				time.Sleep(30 * time.Minute)
			}
			stock, _ := s.Stock("SKU-1", 0)
			result = fmt.Sprint(stock.Quantity, " after ", stock.At.Sub(start), " and ", s.Count("PUT /stocks"), " calls")
		})
	}
	testing.RunTests(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: "Example", F: test}})
	fmt.Println(result)
	// Output: 12 after 4h0m0s and 9 calls
}

// An order whose answer is lost after it was created.
func ExampleServer_Fail() {
	s := anymarkettest.New(anymarkettest.Options{})
	defer func() { _ = s.Close() }()
	s.Fail(anymarkettest.Fault{Route: "POST /orders", Mode: anymarkettest.Reset, Applied: true})
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.URL+"/orders", strings.NewReader(`{"marketPlace":"ECOMMERCE","marketPlaceId":"S-1"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	req.Header.Set("gumgaToken", s.Token())
	resp, err := s.Client().Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	fmt.Println(err != nil, len(s.Orders()), s.Log()[0].Fault)
	// Output: true 1 reset, applied
}
