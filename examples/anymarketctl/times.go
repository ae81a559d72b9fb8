package main

import (
	"time"

	"github.com/spf13/cobra"
)

// timeFlag is a flag with a moment, which has an offset: local times are not
// guessed.
type timeFlag struct {
	name, text string
}

func (f *timeFlag) bind(c *cobra.Command, name, about string) {
	f.name = name
	c.Flags().StringVar(&f.text, name, "", "`TIME` with an offset, such as 2024-07-28T01:00:00-03:00: "+about)
}

// past is the moment, which has to have passed.
func (f *timeFlag) past(now time.Time) (time.Time, error) {
	t, err := f.time()
	if err == nil && t.After(now) {
		err = usage("--%s: %s lies in the future", f.name, f.text)
	}
	return t, err
}

func (f *timeFlag) time() (time.Time, error) {
	t, err := time.Parse(time.RFC3339, f.text)
	if err != nil {
		return t, usage("--%s: %q, want a time with an offset such as 2024-07-28T01:00:00-03:00", f.name, f.text)
	}
	return t, nil
}

// timeRange is a range of time.
type timeRange struct{ from, to timeFlag }

func (r *timeRange) bind(c *cobra.Command, about string) {
	r.from.bind(c, "from", "the begin of "+about)
	r.to.bind(c, "to", "its end, included")
	must(c.MarkFlagRequired("from"))
	must(c.MarkFlagRequired("to"))
}

// past is the range, which has to have passed.
func (r *timeRange) past(now time.Time) (from, to time.Time, err error) {
	if from, err = r.from.past(now); err != nil {
		return from, to, err
	}
	if to, err = r.to.past(now); err != nil {
		return from, to, err
	}
	if !from.Before(to) {
		return from, to, usage("--to: %s is not after --from %s", r.to.text, r.from.text)
	}
	return from, to, nil
}
