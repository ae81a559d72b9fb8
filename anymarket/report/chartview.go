package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/outbox"
)

// chartView is a Chart laid out: bars of what was delivered, a line of what
// waited, and above them when the gate was closed.
type chartView struct {
	Title, Describe                  string
	NameBacklog, NameDelivered, Gate string
	NameRange                        string

	Width, Height int
	Left, Right   float64 // of the plot
	Top, Bottom   float64
	Closed        []rect
	Range         rect
	Bars          []rect
	Line          string // points of the backlog
	Area          string // and of what is under it
	BacklogTicks  []tick // at the left
	DeliveredTop  []tick // at the right
	Times         []tick

	chart Chart
	shut  []bool // bars in which the gate was closed
}

type rect struct {
	X, Y, W, H float64
	Title      string
}

type tick struct {
	At   float64
	Text string
	// Below is the day, where it begins anew.
	Below string
	// Minor ones are left out where there is little room.
	Minor bool
}

// Anchor keeps what is written at an end of the axis inside, if so much room is
// needed to both sides.
func (t tick) Anchor(room float64) string {
	switch {
	case t.At < plotLeft+room:
		return "start"
	case t.At > plotRight-room:
		return "end"
	default:
		return "middle"
	}
}

const (
	chartWidth, chartHeight = 800, 306
	plotLeft, plotRight     = 68.0, 732.0
	plotTop, plotBottom     = 44.0, 252.0
	gateTop, gateHeight     = 22.0, 12.0
)

// chartOf lays the chart out; nil if there is no time to show.
func chartOf(s *Summary, w *words) *chartView {
	c := s.Chart
	if len(c.Backlog) == 0 {
		return nil
	}
	v := &chartView{
		Title: w.say("chart.title"), NameBacklog: w.say("chart.backlog"), NameDelivered: w.say("chart.delivered"),
		Gate: w.say("chart.gate"), NameRange: w.say("chart.range"),
		Width: chartWidth, Height: chartHeight, Left: plotLeft, Right: plotRight, Top: plotTop, Bottom: plotBottom,
		chart: c,
	}
	waiting, delivered := slices.Max(c.Backlog), slices.Max(c.Delivered)
	v.Describe = w.say("chart.describe", "from", w.both(c.From), "to", w.both(c.To), "width", w.duration(c.Width),
		"highest", w.number(max(waiting, s.Backlog.Before)), "most", w.number(delivered))
	v.Range = v.span(s.From, s.To, plotTop, plotBottom-plotTop)
	v.gate(s.Closures, w)
	v.plot(s.Backlog.Before, w)
	v.times(w)
	return v
}

// x is where a moment stands.
func (v *chartView) x(t time.Time) float64 {
	part := float64(t.Sub(v.chart.From)) / float64(v.chart.To.Sub(v.chart.From))
	return plotLeft + min(1, max(0, part))*(plotRight-plotLeft)
}

func (v *chartView) span(from, to time.Time, y, h float64) rect {
	x := v.x(from)
	return rect{X: x, Y: y, W: max(1, v.x(to)-x), H: h}
}

// end is that of a bar; the last one may be cut off.
func (v *chartView) end(bar int) time.Time {
	end := v.chart.From.Add(time.Duration(bar+1) * time.Duration(v.chart.Width))
	if end.After(v.chart.To) {
		return v.chart.To
	}
	return end
}

func (v *chartView) gate(closures []Closure, w *words) {
	v.shut = make([]bool, len(v.chart.Backlog))
	for _, c := range closures {
		if c.Scope == outbox.GateAccount {
			continue
		}
		to := c.To
		if to.IsZero() {
			to = v.chart.To
		}
		r := v.span(c.From, to, gateTop, gateHeight)
		r.Title = w.say("cause."+string(c.Cause)) + ": " + w.both(c.From) + " – " + w.both(c.To)
		v.Closed = append(v.Closed, r)
		for i := range v.shut {
			start := v.chart.From.Add(time.Duration(i) * time.Duration(v.chart.Width))
			v.shut[i] = v.shut[i] || c.From.Before(v.end(i)) && to.After(start)
		}
	}
}

func (v *chartView) plot(before int64, w *words) {
	waiting := niceMax(max(before, slices.Max(v.chart.Backlog)))
	delivered := niceMax(slices.Max(v.chart.Delivered))
	y := func(n, most int64) float64 {
		return plotBottom - float64(max(0, n))/float64(most)*(plotBottom-plotTop)
	}
	for i, n := range v.chart.Delivered {
		if n == 0 {
			continue
		}
		from := v.chart.From.Add(time.Duration(i) * time.Duration(v.chart.Width))
		r := v.span(from, v.end(i), y(n, delivered), plotBottom-y(n, delivered))
		r.Title = w.both(from) + ": " + w.number(n)
		v.Bars = append(v.Bars, r)
	}
	points := []string{point(plotLeft, y(before, waiting))}
	for i, n := range v.chart.Backlog {
		points = append(points, point(v.x(v.end(i)), y(n, waiting)))
	}
	v.Line = strings.Join(points, " ")
	v.Area = point(plotLeft, plotBottom) + " " + v.Line + " " + point(plotRight, plotBottom)
	for _, part := range []int64{0, 1, 2} {
		at := plotBottom - float64(part)/2*(plotBottom-plotTop)
		v.BacklogTicks = append(v.BacklogTicks, tick{At: at, Text: w.axis(waiting*part/2, waiting)})
		v.DeliveredTop = append(v.DeliveredTop, tick{At: at, Text: w.axis(delivered*part/2, delivered)})
	}
}

// axis writes a number beside an axis that goes up to most, in five characters.
func (w *words) axis(n, most int64) string {
	const thousand, million = 1_000, 1_000_000
	switch {
	case n == 0 || most < 10*thousand:
		return w.number(n)
	case n < million:
		return w.number(n/thousand) + "k"
	default:
		return w.number(n/million) + "M"
	}
}

func point(x, y float64) string { return fmt.Sprintf("%.1f,%.1f", x, y) }

// niceMax is the end of an axis: even, so that its half is whole.
func niceMax(n int64) int64 {
	for unit := int64(1); ; unit *= 10 {
		for _, m := range []int64{2, 4, 6, 8, 10} {
			if n <= m*unit {
				return m * unit
			}
		}
	}
}

// times marks hours of the zone's clock, at most eight.
func (v *chartView) times(w *words) {
	length := v.chart.To.Sub(v.chart.From)
	const most = 8
	step := time.Second
	for _, step = range []time.Duration{
		time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
		2 * 24 * time.Hour, 7 * 24 * time.Hour, 14 * 24 * time.Hour, 60 * 24 * time.Hour, 365 * 24 * time.Hour,
	} {
		if length <= most*step {
			break
		}
	}
	layout := "15:04"
	if step < time.Minute {
		layout = "15:04:05"
	}
	from := v.chart.From.In(w.zone)
	_, off := from.Zone()
	shift := time.Duration(off) * time.Second
	at := v.chart.From.Add(shift).Truncate(step).Add(-shift)
	day := ""
	for ; !at.After(v.chart.To); at = at.Add(step) {
		if at.Before(v.chart.From) {
			continue
		}
		local := at.In(w.zone)
		t := tick{At: v.x(at), Text: local.Format(layout), Minor: len(v.Times)%2 == 1}
		if d := w.shortDay(local); d != day {
			day, t.Below = d, d
		}
		v.Times = append(v.Times, t)
	}
}

// strips are the chart for a terminal: a line of blocks for each course.
func (v *chartView) strips(w *words) []string {
	const blocks = "▁▂▃▄▅▆▇█"
	strip := func(values []int64) string {
		most := max(1, slices.Max(values))
		var b strings.Builder
		for _, n := range values {
			if n <= 0 {
				b.WriteRune(' ')
				continue
			}
			i := (n*int64(len([]rune(blocks))) - 1) / most
			b.WriteRune([]rune(blocks)[min(i, 7)])
		}
		return b.String()
	}
	const columns = 60
	per := (len(v.chart.Backlog) + columns - 1) / columns
	var backlog, delivered []int64
	var gate strings.Builder
	for i := 0; i < len(v.chart.Backlog); i += per {
		end := min(i+per, len(v.chart.Backlog))
		backlog = append(backlog, slices.Max(v.chart.Backlog[i:end]))
		sum := int64(0)
		for _, n := range v.chart.Delivered[i:end] {
			sum += n
		}
		delivered = append(delivered, sum)
		if slices.Contains(v.shut[i:end], true) {
			gate.WriteRune('━')
		} else {
			gate.WriteRune(' ')
		}
	}
	return []string{
		w.say("chart.gate") + "\t" + gate.String(), w.say("chart.backlog") + "\t" + strip(backlog), w.say("chart.delivered") + "\t" + strip(delivered),
	}
}
