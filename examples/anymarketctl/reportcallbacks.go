package main

import (
	"slices"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/callback"
	"github.com/anymarket-go/sdk/anymarket/report"
)

// guardedSince is what a guardian did and found since then, from its memory: what it
// repaired, and how all stood at last.
func guardedSince(memory string, since time.Time) (found []report.Guarded, err error) {
	g, err := callback.NewGuardian(callback.GuardianConfig{Registry: api.Callbacks{}, Memory: memory}) // it calls nobody
	if err != nil {
		return nil, err
	}
	history, err := g.History()
	if err != nil {
		return nil, err
	}
	for i, c := range history {
		if c.At.Before(since) {
			continue
		}
		if last := i == len(history)-1; !last {
			// What else it found then is in a later one, or not so any more.
			c.Differences = slices.DeleteFunc(c.Differences, func(d callback.Difference) bool { return !d.Repaired })
			if len(c.Differences) == 0 {
				continue
			}
		}
		found = append(found, report.Guarded{Comparison: c})
	}
	return found, nil
}
