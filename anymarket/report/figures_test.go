package report_test

import (
	"encoding/csv"
	"encoding/json"
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/report"
	"github.com/anymarket-go/sdk/outbox"
)

// book is an entry as the outbox tells of it one by one.
type book struct {
	outbox.Record

	events []outbox.Event
}

// books asks for every entry that was ever accepted.
func (n *night) books() (books []book) {
	n.t.Helper()
	last := n.stock("count", "last", "1") // its number is how many there are
	require.NoError(n.t, n.o.Discard(n.t.Context(), last, "only to count"))
	file, _, _ := strings.Cut(last.String(), "-")
	for seq := range last.Sequence() - 1 {
		id, err := outbox.ParseID(file + "-" + strconv.FormatUint(seq+1, 10))
		require.NoError(n.t, err)
		rec, err := n.o.Show(id)
		require.NoError(n.t, err)
		events, err := n.o.Events(id)
		require.NoError(n.t, err)
		books = append(books, book{rec, events})
	}
	return books
}

func (b book) has(types ...outbox.EventType) bool {
	return slices.ContainsFunc(b.events, func(e outbox.Event) bool { return slices.Contains(types, e.Type) })
}

// waitedAt says whether an entry waited at a moment.
func (b book) waitedAt(at time.Time) bool {
	if b.AcceptedAt.After(at) {
		return false
	}
	waits := true
	for _, e := range b.events {
		if e.At.After(at) {
			break
		}
		switch e.Type {
		case outbox.EventDelivered, outbox.EventSuperseded, outbox.EventDead, outbox.EventCancelled:
			waits = false
		case outbox.EventRequeued:
			waits = true
		default:
		}
	}
	return waits
}

func (b book) at(t outbox.EventType) time.Time {
	for _, e := range b.events {
		if e.Type == t {
			return e.At
		}
	}
	return time.Time{}
}

// Each figure is counted here a second time, from the history of each entry and
// what the host saw.
func TestFiguresAreThoseOfTheHistory(t *testing.T) {
	overNight(t, func(n *night) {
		_, s := n.write(n.options())
		stats := n.o.Stats()
		books := n.books()
		require.Equal(t, report.Fates{
			Entries: stats.Accepted, Delivered: stats.Delivered, Superseded: stats.Superseded, Dead: stats.Dead,
			Cancelled: stats.Cancelled, Waiting: stats.Waiting, Parked: stats.Parked,
		}, s.Whole)

		inRange := func(b book) bool { return !b.AcceptedAt.Before(n.start) && b.AcceptedAt.Before(n.end) }
		carried := func(b book) bool { return b.AcceptedAt.Before(n.start) && b.waitedAt(n.start) }
		fates := func(of func(book) bool) (f report.Fates) {
			for _, b := range books {
				if !of(b) {
					continue
				}
				f.Entries++
				switch b.State {
				case outbox.Done:
					f.Delivered++
				case outbox.Superseded:
					f.Superseded++
				case outbox.Dead:
					f.Dead++
				case outbox.Cancelled:
					f.Cancelled++
				case outbox.Parked:
					f.Parked++
					f.Waiting++
				default:
					f.Waiting++
				}
			}
			require.Equal(t, f.Entries, f.Delivered+f.Superseded+f.Dead+f.Cancelled+f.Waiting)
			return f
		}
		require.Equal(t, fates(inRange), s.Accepted)
		require.Equal(t, fates(carried), s.Carried)
		both := func(b book) bool { return inRange(b) || carried(b) }
		require.Equal(t, fates(both), s.Accepted.Plus(s.Carried))
		for _, part := range []uint64{s.Accepted.Delivered, s.Accepted.Superseded, s.Accepted.Dead, s.Accepted.Cancelled, s.Accepted.Parked, s.Carried.Waiting} {
			require.NotZero(t, part, "the night has some of each: %+v", s.Accepted)
		}
		for _, g := range s.Groups {
			require.Equal(t, fates(func(b book) bool { return both(b) && b.Account == g.Account && b.Kind == g.Kind }), g.Fates, g.Kind)
		}

		var d report.Delivery
		var acts report.Acts
		unknown := map[report.Resolution]uint64{}
		d.Within = slices.Clone(s.Delivery.Within)
		for i := range d.Within {
			d.Within[i].Entries = 0
		}
		for _, b := range books {
			if !both(b) {
				continue
			}
			calls := map[uint64]bool{}
			lost := false
			for _, e := range b.events {
				if e.Attempt != 0 && !e.LookUp {
					calls[e.Attempt] = true
				}
				lost = lost || e.Verdict == outbox.Unknown
				switch e.Type {
				case outbox.EventRequeued:
					acts.Requeued++
				case outbox.EventEdited:
					acts.Edited++
				case outbox.EventReleased:
					acts.Released++
				case outbox.EventCancelled:
					acts.Discarded++
				case outbox.EventDelivered:
					if e.Duplicate {
						d.Duplicates++
					}
				default:
				}
			}
			d.Attempts += uint64(len(calls))
			if lost {
				switch {
				case b.InDoubt:
					unknown[report.ToConfirm]++
				case b.Once != "":
					unknown[report.FoundThere]++
				case b.has(outbox.EventConfirmed):
					unknown[report.Confirmed]++
				}
			}
			if b.State != outbox.Done {
				continue
			}
			if b.InDoubt {
				d.InDoubt++
			}
			at := b.at(outbox.EventDelivered).UTC()
			if d.First.IsZero() || at.Before(d.First) {
				d.First = at
			}
			if at.After(d.Last) {
				d.Last = at
			}
			late := at.Sub(b.AcceptedAt)
			d.Longest = max(d.Longest, report.Duration(late))
			for i, w := range d.Within {
				if w.Most == 0 || late <= time.Duration(w.Most) {
					d.Within[i].Entries++
					break
				}
			}
		}
		require.Equal(t, d, s.Delivery)
		require.Equal(t, acts, s.Acts)
		require.Equal(t, unknown, s.Unknown.By)
		require.Len(t, unknown, 3)
		require.Equal(t, unknown[report.FoundThere]+unknown[report.Confirmed]+unknown[report.ToConfirm], s.Unknown.Entries)
		require.Equal(t, 1, n.h.Creations("shop", "lost-answer"), "it was found there, not created again")

		sum := func(reasons []report.Reason) (n uint64) {
			for _, r := range reasons {
				n += r.Entries
			}
			return n
		}
		require.Equal(t, fates(both).Dead, sum(s.DeadReasons))
		require.Equal(t, fates(both).Waiting, sum(s.WaitingReasons))

		waited := func(at time.Time) (count int64) {
			for _, b := range books {
				if b.waitedAt(at) {
					count++
				}
			}
			return count
		}
		require.Equal(t, waited(n.start.Add(-1)), s.Backlog.Before)
		require.Equal(t, waited(n.end.Add(-1)), s.Backlog.After)
		require.EqualValues(t, stats.Waiting, s.Backlog.Now)
		highest := s.Backlog.Before
		for i := range s.Chart.Backlog {
			from := s.Chart.From.Add(time.Duration(i) * time.Duration(s.Chart.Width))
			to := from.Add(time.Duration(s.Chart.Width))
			if to.After(s.Chart.To) {
				to = s.Chart.To
			}
			var accepted, delivered int64
			for _, b := range books {
				if at := b.AcceptedAt; !at.Before(from) && at.Before(to) {
					accepted++
				}
				if at := b.at(outbox.EventDelivered); !at.Before(from) && at.Before(to) {
					delivered++
				}
			}
			require.Equal(t, waited(to.Add(-1)), s.Chart.Backlog[i], "bar %d", i)
			require.Equal(t, accepted, s.Chart.Accepted[i], "bar %d", i)
			require.Equal(t, delivered, s.Chart.Delivered[i], "bar %d", i)
			highest = max(highest, s.Chart.Backlog[i])
		}
		require.Equal(t, highest, s.Backlog.Highest)

		// The host answered by a page until ten minutes before the end.
		require.InDelta(t, (4*time.Hour - 10*time.Minute).Seconds(), time.Duration(s.Closed).Seconds(), 31)
		require.Zero(t, s.Forgotten)
		require.Zero(t, s.Unreadable)
		require.Equal(t, []report.TaskCode{report.TaskResume, report.TaskDead, report.TaskDeadElsewhere, report.TaskParked}, codes(s))
	})
}

func codes(s report.Summary) (codes []report.TaskCode) {
	for _, t := range s.ToDo {
		codes = append(codes, t.Code)
	}
	return codes
}

// What is written says the figures, in each format.
func TestFormatsSayTheFigures(t *testing.T) {
	overNight(t, func(n *night) {
		o := n.options()
		_, s := n.write(o)
		want := func(f report.Fates) []uint64 {
			return []uint64{f.Entries, f.Delivered, f.Superseded, f.Dead, f.Cancelled, f.Waiting, f.Parked}
		}
		rows := s.Accepted.Entries + s.Carried.Entries

		o.Format = report.JSON
		text, _ := n.write(o)
		var all struct {
			Entries  []report.Row `json:"entries"`
			Accepted report.Fates `json:"accepted"`
			Carried  report.Fates `json:"carried"`
			ToDo     []struct {
				Code report.TaskCode `json:"code"`
				Text string          `json:"text"`
			} `json:"to_do"`
		}
		require.NoError(t, json.Unmarshal([]byte(text), &all))
		require.Len(t, all.Entries, int(rows))
		require.Equal(t, s.Accepted, all.Accepted)
		require.Equal(t, s.Carried, all.Carried)
		require.Len(t, all.ToDo, len(s.ToDo))
		require.NotEmpty(t, all.ToDo[0].Text)
		states := map[string]uint64{}
		for _, r := range all.Entries {
			states[r.State]++
		}
		require.Equal(t, s.Accepted.Dead+s.Carried.Dead, states["dead"])

		o.Format = report.CSV
		text, _ = n.write(o)
		table, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		require.NoError(t, err)
		sections, sums := map[string]uint64{}, map[string]string{}
		for _, row := range table[1:] {
			sections[row[0]]++
			if row[0] == "sum" {
				sums[row[5]+" "+row[2]] = row[14]
			}
		}
		require.Equal(t, s.Accepted.Entries, sections["accepted"])
		require.Equal(t, s.Carried.Entries, sections["carried"])
		require.EqualValues(t, len(s.ToDo), sections["to_do"])
		require.EqualValues(t, len(s.Closures), sections["gate"])
		require.Equal(t, strconv.FormatUint(s.Accepted.Superseded, 10), sums["accepted superseded"])
		require.Equal(t, strconv.FormatUint(s.Carried.Waiting, 10), sums["carried waiting"])

		o.Format = report.HTML
		text, _ = n.write(o)
		overview := regexp.MustCompile(`(?s)<section id="overview">.*?</section>`).FindString(text)
		require.Equal(t, slices.Concat(want(s.Accepted), want(s.Carried), want(s.Accepted.Plus(s.Carried))), numbers(t, overview))
		groups := regexp.MustCompile(`(?s)<section id="groups">.*?</section>`).FindString(text)
		var of []uint64
		for _, g := range s.Groups {
			of = append(of, want(g.Fates)...)
		}
		require.Equal(t, of, numbers(t, groups))
		require.Less(t, strings.LastIndex(text, `<section id="gate"`), strings.Index(text, `<section id="to_do"`), "what is to be done comes last")

		o.Format = report.Text
		text, _ = n.write(o)
		line := regexp.MustCompile(`(?m)^  Both together.*$`).FindString(text)
		var both []uint64
		for _, f := range strings.Fields(line)[2:] {
			v, err := strconv.ParseUint(f, 10, 64)
			require.NoError(t, err)
			both = append(both, v)
		}
		require.Equal(t, want(s.Accepted.Plus(s.Carried)), both)
	})
}

// numbers are those of the columns of numbers.
func numbers(t *testing.T, section string) (numbers []uint64) {
	t.Helper()
	for _, m := range regexp.MustCompile(`<td class="n"[^>]*><span[^>]*>([^<]*)<`).FindAllStringSubmatch(section, -1) {
		v, err := strconv.ParseUint(html.UnescapeString(m[1]), 10, 64)
		require.NoError(t, err)
		numbers = append(numbers, v)
	}
	return numbers
}
