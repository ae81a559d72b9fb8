package outbox

import (
	"time"

	"github.com/cenkalti/backoff/v4"
)

// pause returns how long to wait after the nth failure in a row, counted from
// 1: it doubles from first up to most, give or take a fifth.
func pause(n int, first, most time.Duration) time.Duration {
	b := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(first),
		backoff.WithMaxInterval(most),
		backoff.WithMultiplier(2),
		backoff.WithRandomizationFactor(0.2),
		backoff.WithMaxElapsedTime(0),
	)
	const enough = 40 // doublings reach any maximum
	d := b.NextBackOff()
	for range min(n, enough) - 1 {
		d = b.NextBackOff()
	}
	return min(d, most)
}
