package drill

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

// kills ends the client at the moments of a plan.
type kills struct {
	schedule
	work sync.WaitGroup // kills that are on their way

	mu           sync.Mutex // guards the fields below
	child        *child
	fed          []fedKill
	answers      []answerKill
	writes       [2]int          // before the window and after it
	lost         map[string]bool // creations that a kill kept from being applied
	done         int
	beforeAnswer int
}

// fedKill comes after an operation was handed over.
type fedKill struct {
	operation int
	delay     time.Duration
}

// answerKill comes when ANYMARKET has read a write: before it answers, or a
// little later whatever happens then.
type answerKill struct {
	after   bool // the window; else before it
	write   int  // counts from 1, before the window and after it
	applied bool // the write took effect
	later   time.Duration
}

// How often ANYMARKET kills a client before it answers, on either side of the
// window. Where there is little to do it is less: what is sent in vain again and
// again is for a person, see weather.
const (
	unansweredBefore = 5
	unansweredAfter  = 8
	operationsEach   = 15
)

// newKills plans the kills of a day of so many operations.
func newKills(rng *rand.Rand, s schedule, operations int) *kills {
	k := &kills{schedule: s, lost: map[string]bool{}}
	soon := func() time.Duration { return time.Duration(rng.Int64N(int64(30 * time.Millisecond))) }
	within := func(from, to time.Duration) int {
		at := from + time.Duration(rng.Int64N(int64(to-from)))
		return int(float64(operations) * float64(at) / float64(s.day()))
	}
	end := s.before + s.window
	for _, part := range [][2]time.Duration{
		{s.before / 4, s.before},
		{s.before, s.before + s.window/3},
		{s.before + s.window/3, s.before + s.window*2/3},
		{s.before + s.window*2/3, end},
		{end, s.day()},
	} {
		k.fed = append(k.fed, fedKill{within(part[0], part[1]), soon()})
	}
	unanswered := func(times int, after bool) {
		write := 0
		for range times {
			write += 2 + rng.IntN(8)
			k.answers = append(k.answers, answerKill{after: after, write: write, applied: rng.IntN(3) > 0})
		}
	}
	few := 1 + operations/operationsEach
	unanswered(min(unansweredBefore, few), false)
	unanswered(min(unansweredAfter, few), true)
	k.answers = append(k.answers, answerKill{after: true, write: 25 + rng.IntN(15), later: 1 + soon()})
	return k
}

// rest ends the plan, and waits for kills that are on their way.
func (k *kills) rest() {
	k.mu.Lock()
	k.fed, k.answers = nil, nil
	k.mu.Unlock()
	k.work.Wait()
}

// serve says which client is to be killed.
func (k *kills) serve(c *child) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.child = c
}

// handed is told that the client was given an operation.
func (k *kills) handed(operation int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, f := range k.fed {
		if f.operation <= operation {
			k.fed = append(k.fed[:i], k.fed[i+1:]...)
			k.later(f.delay)
			return
		}
	}
}

// later kills the client of that time.
func (k *kills) later(d time.Duration) {
	k.work.Go(func() {
		timer := time.NewTimer(d)
		defer timer.Stop()
		k.mu.Lock()
		c := k.child
		k.mu.Unlock()
		select {
		case <-timer.C:
			k.count(c.kill(), false)
		case <-c.gone:
		}
	})
}

func (k *kills) count(hit, beforeAnswer bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !hit {
		return
	}
	k.done++
	if beforeAnswer {
		k.beforeAnswer++
	}
}

// counts returns how many there were, and how many of them before an answer.
func (k *kills) counts() (all, beforeAnswer int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.done, k.beforeAnswer
}

// script decides about a request.
func (k *kills) script(r anymarkettest.Request) (anymarkettest.Fault, bool) {
	if r.Method == http.MethodGet {
		return anymarkettest.Fault{}, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.child == nil {
		return anymarkettest.Fault{}, false // it is just starting
	}
	part, after := 0, !r.At.Before(k.back())
	if after {
		part = 1
	}
	k.writes[part]++
	for i, a := range k.answers {
		if a.after != after || a.write > k.writes[part] {
			continue
		}
		if !a.applied && a.later == 0 && creates(r.Route) {
			if k.lost[string(r.Body)] {
				continue // thrice would be one for a person, see weather
			}
			k.lost[string(r.Body)] = true
		}
		k.answers = append(k.answers[:i], k.answers[i+1:]...)
		if a.later > 0 {
			k.later(a.later)
			return anymarkettest.Fault{}, false
		}
		c := k.child
		return anymarkettest.Fault{Mode: anymarkettest.Reset, Applied: a.applied, Do: func(anymarkettest.Request) {
			hit := c.kill()
			k.count(hit, true)
			if !hit { // somebody else was faster: another time
				k.mu.Lock()
				defer k.mu.Unlock()
				k.answers = append(k.answers, a)
			}
		}}, true
	}
	return anymarkettest.Fault{}, false
}
