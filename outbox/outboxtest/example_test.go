package outboxtest_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// A test of eight hours without service. It takes milliseconds.
func Example() {
	var stands string
	test := func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := &outboxtest.Host{}
			o := outboxtest.Open(t, outbox.Options{Kinds: []outbox.Kind{h.Value("stock.set")}, Canary: h.Canary})
			outboxtest.Run(t, o)
			h.SetMode(outboxtest.Refused)
			r, err := o.Accept(t.Context(), outbox.Entry{Kind: "stock.set", Key: "SKU-1", Body: []byte("12")})
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(8 * time.Hour)
			h.SetMode(outboxtest.Up)
			if err := r.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			stands = h.Holds("", "SKU-1")
		})
	}
	// In a test file, go test does this.
	testing.RunTests(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: "Example", F: test}})
	fmt.Println(stands)
	// Output: 12
}
