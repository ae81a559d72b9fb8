package measure

import (
	"cmp"
	"math"
	"slices"
)

// Quantile is the value below which part of values lies; zero if there are
// none. It sorts them.
func Quantile[T cmp.Ordered](values []T, part float64) (q T) {
	if len(values) == 0 {
		return q
	}
	slices.Sort(values)
	return values[min(int(part*float64(len(values))), len(values)-1)]
}

// Median leaves values as they are. It is not a number if there are none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// MedianOf is the median of what of yields for each item.
func MedianOf[T any](items []T, of func(T) float64) float64 {
	values := make([]float64, len(items))
	for i, item := range items {
		values[i] = of(item)
	}
	return Median(values)
}

// MedianRatio is the median over pairs of rounds that ran one after the other,
// so that what else the machine did hit both alike.
func MedianRatio[T any](over, under []T, of func(T) float64) float64 {
	ratios := make([]float64, min(len(over), len(under)))
	for i := range ratios {
		ratios[i] = of(over[i]) / of(under[i])
	}
	return Median(ratios)
}

// Fairness is Jain's index: 1 if all got the same, 1/n if one got all.
func Fairness(shares []float64) float64 {
	sum, squares := 0.0, 0.0
	for _, s := range shares {
		sum, squares = sum+s, squares+s*s
	}
	return sum * sum / (float64(len(shares)) * squares)
}
