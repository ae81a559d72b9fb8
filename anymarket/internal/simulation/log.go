package simulation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/outbox"
)

// must blames an error.
func (s *Simulation) must(what string, err error) {
	if err != nil {
		s.blame("%s: %v", what, err)
	}
}

// blame notes that something is not as it has to be.
func (s *Simulation) blame(format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	s.say("WRONG: %s", what)
	s.telling.Lock()
	defer s.telling.Unlock()
	s.wrong = append(s.wrong, what)
}

func (s *Simulation) blamed() []string {
	s.telling.Lock()
	defer s.telling.Unlock()
	return s.wrong
}

// meet counts something that went wrong.
func (s *Simulation) meet(name string) {
	s.say("%s", name)
	s.telling.Lock()
	defer s.telling.Unlock()
	s.met[name]++
}

// say logs what happens.
func (s *Simulation) say(format string, args ...any) {
	line := stamp(time.Now()) + " " + fmt.Sprintf(format, args...)
	s.telling.Lock()
	defer s.telling.Unlock()
	s.log = append(s.log, line)
}

// Observe logs what the outbox says, for [outbox.Options.Observer].
func (s *Simulation) Observe(e outbox.Event) {
	s.say("  outbox: %s %s %s %s %s", e.ID, e.Type, e.Verdict, e.Account, e.Reason)
}

// sayWaiting logs what waits.
func (s *Simulation) sayWaiting() {
	for r, err := range s.client.Outbox().Waiting() {
		s.must("read what waits", err)
		s.say("waiting: %s %s %s %s, due %s, unknown %v: %s", r.ID, r.Account, r.Kind, r.Key, r.DueAt, r.Unknown, r.Reason)
	}
}

// story is what happened, in order, each request included.
func (s *Simulation) story() []string {
	log := s.log
	for _, r := range s.Server.Log() {
		line := strings.Builder{}
		fmt.Fprintf(&line, "%s   #%d %s: %s %s?%s %s: %d %s", stamp(r.At), r.N, r.Account, r.Method, r.Path, r.Query.Encode(), r.Body, r.Status, r.Fault)
		for _, e := range r.Effects {
			fmt.Fprintf(&line, "; %s %s at %s", e.Kind, e.Key, stamp(e.At))
		}
		log = append(log, line.String())
	}
	when := func(line string) string { return line[:len(stampFormat)] }
	slices.SortStableFunc(log, func(a, b string) int { return strings.Compare(when(a), when(b)) })
	return log
}

// stampFormat sorts within a month.
const stampFormat = "02 15:04:05.000"

func stamp(at time.Time) string { return at.UTC().Format(stampFormat) }
