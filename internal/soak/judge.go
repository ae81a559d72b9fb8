package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

// flat holds the medians of the last quarter of the samples against those of the
// first. What may differ is what chance makes of so few samples.
func flat(samples []sample) (wrong []error) {
	const least = 12
	quarter := len(samples) / 4
	if len(samples) < least {
		return []error{fmt.Errorf("%d samples are too few, at least %d are needed: run longer", len(samples), least)}
	}
	first, last := samples[:quarter], samples[len(samples)-quarter:]
	for _, b := range []struct {
		what   string
		of     func(sample) float64
		factor float64
		more   float64
	}{
		{"heap in MiB", func(s sample) float64 { return mib(s.Heap) }, 1.2, 4},
		{"goroutines", func(s sample) float64 { return float64(s.Goroutines) }, 1, 4},
		{"room in the file, to that of the history and 8 MiB", func(s sample) float64 { return mib(s.UsedBytes) / (8 + mib(s.HistoryBytes)) }, 1.2, 0.3},
		{"half of the accepts in ms", func(s sample) float64 { return ms(s.Accept) }, 1.5, 0.5},
		{"99 of 100 accepts in ms", func(s sample) float64 { return ms(s.SlowAccept) }, 2, 5},
	} {
		then, now := median(first, b.of), median(last, b.of)
		report("%s: %.2f at first, %.2f in the end", b.what, then, now)
		if bound := then*b.factor + b.more; now > bound {
			wrong = append(wrong, fmt.Errorf("%s: %.2f in the last quarter, %.2f in the first, at most %.2f is flat", b.what, now, then, bound))
		}
	}
	if s := samples[len(samples)-1]; s.Dead > 0 {
		wrong = append(wrong, fmt.Errorf("%d dead letters", s.Dead))
	}
	return wrong
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func median(samples []sample, of func(sample) float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// compare holds what the fake has against what was accepted. Its errors are the
// first ten that are wrong.
func (e end) compare(fake *anymarkettest.Server) (wrong []error) {
	stocks := map[string]string{}
	for _, s := range fake.Stocks() {
		stocks[s.PartnerID] = s.Quantity
	}
	for key, n := range e.Stock {
		if have := stocks[key]; have != strconv.FormatInt(n, 10) {
			wrong = append(wrong, fmt.Errorf("%s: there is %q, accepted last was %d", key, have, n))
		}
	}
	made := map[string]int{}
	for _, o := range fake.Orders() {
		made[o.MarketPlaceID]++
	}
	for _, id := range e.Orders {
		if made[id] != 1 {
			wrong = append(wrong, fmt.Errorf("order %s is there %d times", id, made[id]))
		}
	}
	const shown = 10
	if n := len(wrong); n > shown {
		wrong = append(wrong[:shown], errors.New("and "+strconv.Itoa(n-shown)+" more"))
	}
	return wrong
}
