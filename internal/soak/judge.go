package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

// flat holds the last quarter of the samples against the first, each by its lower
// quartile: outages, and whatever else the machine does, only ever add. What may
// differ is what chance makes of so few samples.
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
		{"half of the accepts in ms", func(s sample) float64 { return ms(s.Accept) }, 1.5, 0.5},
		{"99 of 100 accepts in ms", func(s sample) float64 { return ms(s.SlowAccept) }, 2, 5},
	} {
		then, now := lowerQuartile(first, b.of), lowerQuartile(last, b.of)
		report("%s: %.2f at first, %.2f in the end", b.what, then, now)
		if bound := then*b.factor + b.more; now > bound {
			wrong = append(wrong, fmt.Errorf("%s: %.2f in the last quarter, %.2f in the first, at most %.2f is flat", b.what, now, then, bound))
		}
	}
	s := samples[len(samples)-1]
	if s.Dead > 0 {
		wrong = append(wrong, fmt.Errorf("%d dead letters", s.Dead))
	}
	if room := roomFor(s); s.UsedBytes > room {
		wrong = append(wrong, fmt.Errorf("the file uses %.1f MiB, at most %.1f are due to %.1f MiB of history", mib(s.UsedBytes), mib(room), mib(s.HistoryBytes)))
	}
	return wrong
}

// roomFor is what a file may use: beside its history, which grows until retention
// ends it and whose pages are half empty at worst, there are indices and what
// waits.
func roomFor(s sample) int64 { return 16<<20 + s.HistoryBytes*5/2 }

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func lowerQuartile(samples []sample, of func(sample) float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	slices.Sort(values)
	return values[len(values)/4]
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
