package contender

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"

	"github.com/anymarket-go/sdk/outbox"
)

// lanes is how many targets the outbox accepts values for: an ERP's SKUs.
const lanes = 50_000

// accepting is an outbox that accepts values of ever new lanes and does not run.
type accepting struct {
	*outbox.Outbox

	keys []string
	next atomic.Int64
}

func openOutbox(_ context.Context, dir string) (Contender, error) {
	o, err := outbox.Open(filepath.Join(dir, "outbox.db"), outbox.Options{Kinds: []outbox.Kind{{ //nolint:contextcheck // it takes none: opening is one scan of the file
		Name: "stock.set", Class: outbox.Absolute, MaxBatch: 50,
		Deliver: func(context.Context, []outbox.Lease) outbox.Answer {
			return outbox.Answer{Result: outbox.Result{Verdict: outbox.Delivered}}
		},
	}}})
	if err != nil {
		return nil, err
	}
	return &accepting{Outbox: o, keys: Keys(lanes)}, nil
}

func (a *accepting) Accept(value []byte) error {
	// A context that cannot end, as in most programs.
	_, err := a.Outbox.Accept(context.Background(), outbox.Entry{
		Kind: "stock.set", Account: "1", Key: a.keys[a.next.Add(1)%lanes], Body: value,
	})
	return err
}

// Keys returns n keys of targets.
func Keys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("SKU-%07d", i)
	}
	return keys
}
