package outbox

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSmoke(t *testing.T) {
	var got []string
	k := Kind{Name: "stock.set", Class: Absolute, MaxBatch: 50, Deliver: func(_ context.Context, b []Lease) Answer {
		for _, l := range b {
			got = append(got, l.Key+"="+string(l.Body))
		}
		return Answer{Result: Result{Verdict: Delivered}}
	}}
	o, err := Open(filepath.Join(t.TempDir(), "o.db"), Options{Kinds: []Kind{k}})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	r1, err := o.Accept(ctx, Entry{Kind: "stock.set", Key: "a", Body: []byte("1")})
	require.NoError(t, err)
	r2, err := o.Accept(ctx, Entry{Kind: "stock.set", Key: "a", Body: []byte("2")})
	require.NoError(t, err)
	_, err = o.Accept(ctx, Entry{Kind: "stock.set", Key: "b", Body: []byte("3")})
	require.NoError(t, err)
	done := make(chan error)
	go func() { done <- o.Run(ctx) }()
	require.NoError(t, r1.Wait(ctx))
	require.NoError(t, r2.Wait(ctx))
	require.NoError(t, o.Drain(ctx))
	time.Sleep(1500 * time.Millisecond)
	require.NoError(t, o.Check(ctx))
	t.Logf("%+v %v", o.Stats(), got)
	cancel()
	require.NoError(t, <-done)
	require.NoError(t, o.Check(context.Background()))
	require.NoError(t, o.Close())
}
