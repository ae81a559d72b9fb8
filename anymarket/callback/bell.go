package callback

import (
	"context"
	"time"
)

// bell wakes a loop that sleeps. It holds one ring.
type bell chan struct{}

func newBell() bell { return make(bell, 1) }

func (b bell) ring() {
	select {
	case b <- struct{}{}:
	default: // it has been rung already
	}
}

// sleep ends after d, with ctx, or when it is rung.
func (b bell) sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-b:
	}
}
