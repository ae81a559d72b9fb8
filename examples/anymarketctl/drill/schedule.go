package drill

import (
	"strconv"
	"time"

	"github.com/anymarket-go/sdk/anymarket/maintenance"
)

// What is announced, and the waits that a client keeps then, in real time.
const (
	announced     = 4 * time.Hour
	realLateApply = 5*time.Minute + 30*time.Second
	realLookupLag = time.Minute
	realCanary    = 30 * time.Second
	realMinPause  = time.Second
	realMaxPause  = 5 * time.Minute
	realStartRate = 1
	realMaxRate   = 10
)

// timeout of a request is not divided: it says how slow this machine may be,
// not how long ANYMARKET is away.
const timeout = 2 * time.Second

// schedule is the day in fast motion.
type schedule struct {
	window        time.Duration // its length here
	before, after time.Duration // the parts of the day around it
	factor        float64       // how much faster than real time

	start time.Time // of the window
}

func newSchedule(window time.Duration) schedule {
	return schedule{
		window: window, before: max(window/4, 1500*time.Millisecond), after: max(window/5, 1500*time.Millisecond),
		factor: float64(announced) / float64(window),
	}
}

// begin fixes the day: the window starts at a whole second, as the tables of an
// announcement have it, and what comes before has its time.
func (s *schedule) begin(now time.Time) {
	s.start = now.Add(s.before + time.Second).Truncate(time.Second)
}

func (s schedule) end() time.Time               { return s.start.Add(s.window) }
func (s schedule) day() time.Duration           { return s.before + s.window + s.after }
func (s schedule) at(d time.Duration) time.Time { return s.start.Add(d - s.before) }

// fast is a real duration in fast motion.
func (s schedule) fast(d time.Duration) time.Duration {
	return time.Duration(float64(d) / s.factor)
}

// flags are the waits and rates in fast motion, for the client.
func (s schedule) flags() []string {
	rate := func(perSecond float64) string { return strconv.FormatFloat(perSecond*s.factor, 'f', 1, 64) }
	return []string{
		"--canary", s.fast(realCanary).String(),
		"--late-apply", s.fast(realLateApply).String(),
		"--lookup-lag", s.fast(realLookupLag).String(),
		"--min-backoff", s.fast(realMinPause).String(),
		"--max-backoff", s.fast(realMaxPause).String(),
		"--start-rate", rate(realStartRate),
		"--max-rate", rate(realMaxRate),
		"--timeout", timeout.String(),
	}
}

// announcement is the window as the notice words it: the local time of each
// country.
func (s schedule) announcement() (maintenance.Spec, error) {
	spec := maintenance.Spec{Name: "drill", Length: s.window}
	for _, zone := range []string{
		"America/Mexico_City", "America/Lima", "America/Bogota", "America/Santiago",
		"America/Sao_Paulo", "America/Argentina/Buenos_Aires", "America/Montevideo",
	} {
		l, err := time.LoadLocation(zone)
		if err != nil {
			return spec, err
		}
		spec.Rows = append(spec.Rows, maintenance.Row{Zone: zone, Local: s.start.In(l).Format("2006-01-02T15:04:05")})
	}
	return spec, nil
}
