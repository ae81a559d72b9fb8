package measure_test

import (
	"errors"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/internal/bench/measure"
)

func TestRoundCountsWhatAllProducersDid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, err := measure.Run(measure.Plan{Producers: 4, Time: time.Second}, func(producer int) error {
			time.Sleep(time.Duration(producer+1) * 100 * time.Millisecond)
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, 10+5+4+3, r.Ops)
		require.Equal(t, 1200*time.Millisecond, r.Took)
		require.Equal(t, 200*time.Millisecond, r.P50)
		require.Equal(t, 400*time.Millisecond, r.P99)
		require.InDelta(t, 22/1.2, r.Rate(), 1e-9)
		require.InDelta(t, 2, r.Tail(), 1e-9)
	})
}

func TestRoundOfOpsEndsAfterThem(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	r, err := measure.Run(measure.Plan{Producers: 3, Ops: 7}, func(int) error { n.Add(1); return nil })
	require.NoError(t, err)
	require.Equal(t, 21, r.Ops)
	require.Equal(t, int64(21), n.Load())
}

func TestRoundFailsIfAProducerDoes(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	_, err := measure.Run(measure.Plan{Producers: 2, Ops: 5}, func(producer int) error {
		if producer == 1 {
			return broken
		}
		return nil
	})
	require.ErrorIs(t, err, broken)
}

func TestMediansAndQuantiles(t *testing.T) {
	t.Parallel()
	require.Equal(t, 3.0, measure.Median([]float64{5, 1, 3}))
	require.Equal(t, 2.0, measure.Median([]float64{3, 1}))
	require.True(t, math.IsNaN(measure.Median(nil)))
	require.Equal(t, 2.0, measure.MedianRatio([]float64{2, 8, 30}, []float64{1, 4, 3}, func(v float64) float64 { return v }))
	values := []int{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}
	require.Equal(t, 5, measure.Quantile(values, 0.5))
	require.Equal(t, 9, measure.Quantile(values, 1))
	require.Zero(t, measure.Quantile([]int{}, 0.5))
}

func TestFairness(t *testing.T) {
	t.Parallel()
	require.InDelta(t, 1, measure.Fairness([]float64{4, 4, 4, 4}), 1e-9)
	require.InDelta(t, 0.25, measure.Fairness([]float64{4, 0, 0, 0}), 1e-9)
}
