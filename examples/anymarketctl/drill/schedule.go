package drill

import (
	"strconv"
	"time"
)

// What is announced, and the waits that a client keeps then, in real time.
const (
	announced     = 4 * time.Hour
	realLate      = 5 * time.Minute  // by which it begins after its plan
	realOverrun   = 12 * time.Minute // by which it ends after it
	realLateApply = 5*time.Minute + 30*time.Second
	realLookupLag = time.Minute
	realCanary    = 30 * time.Second
	realMinPause  = time.Second
	realMaxPause  = 5 * time.Minute
	realStartRate = 1
	realMaxRate   = 10
)

// shortestCanary is what a busy machine can keep to. Where canaries are further
// apart than planned no time counts as up, and values stay in doubt.
const shortestCanary = 40 * time.Millisecond

// timeout of a request is not divided: it says how slow this machine may be,
// not how long ANYMARKET is away.
const timeout = 2 * time.Second

// schedule is the day in fast motion.
type schedule struct {
	window        time.Duration // its length here
	before, after time.Duration // the parts of the day around it
	factor        float64       // how much faster than real time

	start time.Time // of the window, as it is planned
}

func newSchedule(window time.Duration) schedule {
	return schedule{
		window: window, before: max(window/5, 1500*time.Millisecond), after: max(window/5, 1500*time.Millisecond),
		factor: float64(announced) / float64(window),
	}
}

// begin fixes the day: the window is planned for a whole second, as announcements
// have it, and what comes before has its time.
func (s *schedule) begin(now time.Time) {
	s.start = now.Add(s.before + time.Second).Truncate(time.Second)
}

// end is that of the plan; ANYMARKET is down from down until back.
func (s schedule) end() time.Time               { return s.start.Add(s.window) }
func (s schedule) down() time.Time              { return s.start.Add(s.fast(realLate)) }
func (s schedule) back() time.Time              { return s.end().Add(s.fast(realOverrun)) }
func (s schedule) day() time.Duration           { return s.before + s.window + s.after }
func (s schedule) at(d time.Duration) time.Time { return s.start.Add(d - s.before) }

// into is how far into the day a moment is.
func (s schedule) into(moment time.Time) time.Duration { return moment.Sub(s.start) + s.before }

// fast is a real duration in fast motion.
func (s schedule) fast(d time.Duration) time.Duration {
	return time.Duration(float64(d) / s.factor)
}

// flags are the waits and rates in fast motion, for the client.
func (s schedule) flags() []string {
	rate := func(perSecond float64) string { return strconv.FormatFloat(perSecond*s.factor, 'f', 1, 64) }
	return []string{
		"--canary", max(s.fast(realCanary), shortestCanary).String(),
		"--late-apply", s.fast(realLateApply).String(),
		"--lookup-lag", s.fast(realLookupLag).String(),
		"--min-backoff", s.fast(realMinPause).String(),
		"--max-backoff", s.fast(realMaxPause).String(),
		"--start-rate", rate(realStartRate),
		"--max-rate", rate(realMaxRate),
		"--timeout", timeout.String(),
	}
}
