package report

import (
	"time"

	"github.com/anymarket-go/sdk/outbox"
)

// document is a report in words, for the formats that people read.
type document struct {
	words    *words
	Language Language
	Title    string
	Lines    []string // under the title
	Sections []section
	Chart    *chartView
	ToDo     section
	Footer   string
}

type section struct {
	ID, Title string
	Notes     []string
	Tables    []table
	List      []string
}

// table has cells of text. Columns of numbers stand to the right.
type table struct {
	Head    []string
	Numbers []bool
	Rows    [][]cell
	// More says how many rows are left out.
	More string
}

// cell is text, and what stands under it in small letters.
type cell struct {
	Text, Under string
	// Whole: it does not go over two lines if there is room.
	Whole bool
}

// documentOf says a summary in words.
func documentOf(s *Summary, w *words) document {
	b := builder{s: s, words: w}
	d := document{words: w, Language: w.language, Title: w.say("title"), Footer: w.say("footer")}
	if s.Name != "" {
		d.Title = w.say("title.of", "name", s.Name)
	}
	d.Lines = []string{
		w.day(s.From),
		w.say("range", "from", w.both(s.From), "to", w.both(s.To), "length", w.duration(Duration(s.To.Sub(s.From)))),
		w.say("made", "at", w.both(s.At), "zone", zoneName(w.zone, s.At)),
	}
	if n := len(s.ToDo); n > 0 {
		d.Lines = append(d.Lines, w.count("left", uint64(n)))
	} else {
		d.Lines = append(d.Lines, w.say("nothing"))
	}
	d.Chart = chartOf(s, w)
	d.Sections = compact(
		b.overview(), b.groups(), b.delivery(), b.dead(), b.waiting(), b.unknown(), b.acts(),
		b.gate(), b.orders(), b.campaigns(), b.callbacks(), b.reloads(), b.limits(),
	)
	d.ToDo = b.toDo()
	return d
}

// compact leaves out sections that have nothing to say.
func compact(all ...section) (some []section) {
	for _, s := range all {
		if s.ID != "" {
			some = append(some, s)
		}
	}
	return some
}

type builder struct {
	*words
	s *Summary
}

func (b builder) section(id string, tables ...table) section {
	return section{ID: id, Title: b.say("section." + id), Tables: tables}
}

// head makes a table; a column whose key ends in # has numbers.
func (b builder) head(keys ...string) table {
	var t table
	for _, key := range keys {
		number := key[len(key)-1] == '#'
		if number {
			key = key[:len(key)-1]
		}
		t.Head, t.Numbers = append(t.Head, b.say("column."+key)), append(t.Numbers, number)
	}
	return t
}

func (t *table) row(cells ...cell) { t.Rows = append(t.Rows, cells) }

// two is text with more under it.
func two(text, under string) cell { return cell{Text: text, Under: under} }

func plain(text string) cell { return cell{Text: text} }

func (b builder) n(n uint64) cell { return plain(b.number(int64(n))) }

// at shows a moment, UTC under the local time.
func (b builder) at(t time.Time) cell {
	if t.IsZero() || b.isUTC(t) {
		return cell{Text: b.utc(t), Whole: true}
	}
	return cell{Text: b.local(t), Under: b.utc(t), Whole: true}
}

func (b builder) fates(first []cell, f Fates) []cell {
	return append(first, b.n(f.Entries), b.n(f.Delivered), b.n(f.Superseded), b.n(f.Dead), b.n(f.Cancelled), b.n(f.Waiting), b.n(f.Parked))
}

func (b builder) fatesTable(first ...string) table {
	return b.head(append(first, "entries#", "delivered#", "superseded#", "dead#", "cancelled#", "waiting#", "parked#")...)
}

func (b builder) overview() section {
	s := b.s
	t := b.fatesTable("entries_of")
	both := s.Accepted.Plus(s.Carried)
	t.row(b.fates([]cell{plain(b.say("of.accepted"))}, s.Accepted)...)
	t.row(b.fates([]cell{plain(b.say("of.carried"))}, s.Carried)...)
	t.row(b.fates([]cell{plain(b.say("of.both"))}, both)...)
	out := b.section("overview", t)
	if both.Entries == 0 {
		out.Notes = append(out.Notes, b.say("empty"))
	}
	out.Notes = append(out.Notes,
		b.say("invariant", "entries", b.number(int64(both.Entries)), "delivered", b.number(int64(both.Delivered)),
			"superseded", b.number(int64(both.Superseded)), "dead", b.number(int64(both.Dead)),
			"cancelled", b.number(int64(both.Cancelled)), "waiting", b.number(int64(both.Waiting))),
		b.say("backlog", "before", b.number(s.Backlog.Before), "after", b.number(s.Backlog.After), "now", b.number(s.Backlog.Now)),
		b.say("superseded.why"), b.say("listings"))
	return out
}

func (b builder) groups() section {
	if len(b.s.Groups) == 0 {
		return section{}
	}
	t := b.fatesTable("account", "kind")
	for i, g := range b.s.Groups {
		if i == mostShown {
			t.More = b.count("more", uint64(len(b.s.Groups)-i))
			break
		}
		t.row(b.fates([]cell{plain(b.account(g.Account)), plain(b.kind(g.Kind))}, g.Fates)...)
	}
	return b.section("groups", t)
}

// kind says what entries of a kind do, if it is one of ours.
func (b builder) kind(name string) string {
	if _, ok := b.messages["kind."+name]; ok {
		return b.say("kind." + name)
	}
	return name
}

func (b builder) delivery() section {
	d := b.s.Delivery
	if d.Last.IsZero() {
		return section{}
	}
	t := b.head("within", "entries#")
	longest := Duration(0)
	for _, w := range d.Within {
		name := b.say("within.more", "most", b.duration(longest))
		if w.Most > 0 {
			name, longest = b.say("within.most", "most", b.duration(w.Most)), w.Most
		}
		t.row(plain(name), b.n(w.Entries))
	}
	out := b.section("delivery", t)
	out.Notes = []string{
		b.say("delivery.when", "first", b.both(d.First), "last", b.both(d.Last), "longest", b.duration(d.Longest)),
		b.count("delivery.attempts", d.Attempts),
	}
	if d.Duplicates > 0 {
		out.Notes = append(out.Notes, b.count("delivery.duplicates", d.Duplicates))
	}
	if d.InDoubt > 0 {
		out.Notes = append(out.Notes, b.count("delivery.in_doubt", d.InDoubt))
	}
	return out
}

// reasonsTable counts entries by reason; one that is not known has a text.
func (b builder) reasonsTable(reasons []Reason, unknown string) table {
	t := b.head("reason", "entries#", "since")
	for _, r := range reasons {
		text := r.Reason
		switch {
		case r.Others:
			text = b.say("reason.others")
		case text == "":
			text = b.say(unknown)
		}
		t.row(plain(text), b.n(r.Entries), b.at(r.Since))
	}
	return t
}

// rows are entries one by one, of which there are so many in all.
func (b builder) rows(rows []Row, all uint64, why func(Row) string) table {
	t := b.head("entry", "target", "accepted_at", "why")
	for _, r := range rows {
		t.row(cell{Text: r.ID.String(), Whole: true}, two(r.Key, b.account(r.Account)+" · "+b.kind(r.Kind)), b.at(r.AcceptedAt), plain(why(r)))
	}
	if n := uint64(len(rows)); all > n {
		t.More = b.count("more", all-n)
	}
	return t
}

func (b builder) dead() section {
	both := b.s.Accepted.Plus(b.s.Carried)
	if both.Dead == 0 {
		return section{}
	}
	why := func(r Row) string { return r.Reason }
	return b.section("dead", b.reasonsTable(b.s.DeadReasons, "reason.none"), b.rows(b.s.dead, both.Dead, why))
}

func (b builder) waiting() section {
	both := b.s.Accepted.Plus(b.s.Carried)
	if both.Waiting == 0 {
		return section{}
	}
	unknown := "reason.turn"
	if b.s.idle {
		unknown = "reason.idle"
	}
	why := func(r Row) string {
		if r.Reason == "" {
			return b.say(unknown)
		}
		return r.Reason
	}
	return b.section("waiting", b.reasonsTable(b.s.WaitingReasons, unknown), b.rows(b.s.waiting, both.Waiting, why))
}

func (b builder) unknown() section {
	u := b.s.Unknown
	if u.Entries == 0 {
		return section{}
	}
	t := b.head("resolution", "entries#")
	for _, r := range resolutions() {
		if n := u.By[r]; n > 0 {
			t.row(plain(b.say("resolution."+string(r))), b.n(n))
		}
	}
	out := b.section("unknown", t, b.rows(b.s.unknown, u.Entries, func(r Row) string { return b.say("resolution." + string(r.Unknown)) }))
	out.Notes = []string{b.count("unknown.what", u.Entries)}
	return out
}

func (b builder) acts() section {
	a := b.s.Acts
	if a == (Acts{}) {
		return section{}
	}
	t := b.head("act", "number#")
	for _, k := range []struct {
		act string
		n   uint64
	}{{actRequeued, a.Requeued}, {actEdited, a.Edited}, {actReleased, a.Released}, {actDiscarded, a.Discarded}} {
		t.row(plain(b.say("act."+k.act)), b.n(k.n))
	}
	list := b.head("act", "at", "entry", "target", "why")
	for _, r := range b.s.acts {
		for _, act := range r.Acts {
			why := ""
			if act.Act == actDiscarded {
				why = r.Reason
			}
			list.row(plain(b.say("act."+act.Act)), b.at(act.At), cell{Text: r.ID.String(), Whole: true}, two(r.Key, b.account(r.Account)), plain(why))
		}
	}
	if n, shown := a.Requeued+a.Edited+a.Released+a.Discarded, uint64(len(list.Rows)); n > shown {
		list.More = b.count("more", n-shown)
	}
	return b.section("acts", t, list)
}

func (b builder) gate() section {
	t := b.head("from", "to", "subject", "reason")
	for i, c := range b.s.Closures {
		if i == mostShown {
			t.More = b.count("more", uint64(len(b.s.Closures)-i))
			break
		}
		to := b.at(c.To)
		if c.To.IsZero() {
			to = plain(b.say("gate.still"))
		}
		t.row(b.at(c.From), to, plain(b.place(c)), two(b.say("cause."+string(c.Cause)), c.Reason))
	}
	out := b.section("gate")
	if len(t.Rows) > 0 {
		out.Tables = []table{t}
	}
	out.Notes = []string{b.say("gate.closed", "closed", b.duration(b.s.Closed), "length", b.duration(Duration(b.s.To.Sub(b.s.From))))}
	return out
}

func (b builder) place(c Closure) string {
	switch c.Scope {
	case outbox.GateAccount:
		return b.say("gate.account", "account", b.account(c.Account))
	case outbox.GateHost:
		if c.Host == "" {
			return b.say("gate.host.default")
		}
		return b.say("gate.host", "host", c.Host)
	default:
		return b.say("gate.all")
	}
}

func resolutions() []Resolution {
	return []Resolution{FoundThere, SentAgain, Confirmed, ToConfirm, NewerValue, Refused, AskPerson, StillOpen, TakenOut}
}
