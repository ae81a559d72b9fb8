package outbox_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// TestStepBehindAParkedCreationIsParked: it cannot go before a person acts, so
// it counts as parked and nobody waits for it.
func TestStepBehindAParkedCreationIsParked(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		deliver := func(context.Context, []outbox.Lease) outbox.Answer {
			return outbox.Answer{Result: outbox.Result{Verdict: outbox.Unknown}}
		}
		r := newRig(t, &outboxtest.Host{}, func(o *outbox.Options) {
			o.Kinds = []outbox.Kind{
				{Name: "order", Class: outbox.Once, Deliver: deliver},
				{Name: "invoice", Family: "order", Class: outbox.Step, Deliver: deliver},
			}
		})
		creation := r.accept(outbox.Entry{Kind: "order", Key: "1", Once: "1"})
		step := r.accept(outbox.Entry{Kind: "invoice", Key: "1", Once: "1"})
		r.run()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		var parked *outbox.ParkedError
		require.ErrorAs(t, step.Wait(ctx), &parked)
		require.ErrorContains(t, parked, "waits for the parked entry "+creation.ID().String())
		require.NoError(t, r.o.Drain(ctx))
		require.EqualValues(t, 2, r.o.Stats().Parked)
		require.ErrorIs(t, r.o.Requeue(ctx, step.ID()), outbox.ErrState)
	})
}
