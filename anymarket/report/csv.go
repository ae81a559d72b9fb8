package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/outbox"
)

// csvForm writes a row for each entry, and then rows of the other sections: the
// first column tells them apart. Its columns are the same in every language.
type csvForm struct {
	w     *csv.Writer
	words *words
	zone  *time.Location
}

func newCSVForm(w io.Writer, words *words) *csvForm {
	return &csvForm{w: csv.NewWriter(w), words: words}
}

// csvRow is a row of the file; what a section does not have stays empty.
type csvRow struct {
	section, id, state, kind, account, key string
	accepted, ended                        time.Time
	late, calls, unknown, by               string
	number, reason, acts, body             string
}

func (f *csvForm) begin(o Options) error {
	f.zone = o.Zone
	return f.w.Write([]string{
		"section", "id", "state", "kind", "account", "key", "accepted_utc", "accepted_local", "ended_utc", "ended_local",
		"late_seconds", "calls", "unknown", "by", "number", "reason", "acts", "body",
	})
}

func (f *csvForm) put(r csvRow) error {
	moments := func(t time.Time) (utc, local string) {
		if t.IsZero() {
			return "", ""
		}
		return t.UTC().Format(time.RFC3339Nano), t.In(f.zone).Format(time.RFC3339Nano)
	}
	acceptedUTC, acceptedLocal := moments(r.accepted)
	endedUTC, endedLocal := moments(r.ended)
	row := []string{
		r.section, r.id, r.state, r.kind, r.account, r.key, acceptedUTC, acceptedLocal, endedUTC, endedLocal,
		r.late, r.calls, r.unknown, r.by, r.number, r.reason, r.acts, r.body,
	}
	for i, c := range row {
		row[i] = noFormula(c)
	}
	return f.w.Write(row)
}

func (f *csvForm) row(r Row) error {
	out := csvRow{
		section: "accepted", id: r.ID.String(), state: r.State, kind: r.Kind, account: r.Account, key: r.Key,
		accepted: r.AcceptedAt, ended: r.EndedAt, calls: strconv.Itoa(r.Attempts), unknown: string(r.Unknown),
		reason: r.Reason, body: string(r.Body),
	}
	if r.Carried {
		out.section = "carried"
	}
	if !r.DeliveredAt.IsZero() {
		out.late = strconv.FormatFloat(time.Duration(r.Late).Round(time.Millisecond).Seconds(), 'f', -1, 64)
	}
	if r.By != (outbox.ID{}) {
		out.by = r.By.String()
	}
	var acts []string
	for _, a := range r.Acts {
		acts = append(acts, a.Act+" "+a.At.Format(time.RFC3339))
	}
	out.acts = strings.Join(acts, "; ")
	return f.put(out)
}

func (f *csvForm) end(s *Summary) error {
	rows := f.sums(s)
	for _, c := range s.Closures {
		rows = append(rows, csvRow{
			section: "gate", state: string(c.Cause), kind: string(c.Scope), account: c.Account, key: c.Host,
			accepted: c.From, ended: c.To, reason: c.Reason,
		})
	}
	for _, r := range s.Orders {
		for _, d := range r.Differences {
			rows = append(rows, csvRow{section: "orders", state: string(d.Kind), kind: string(d.Action), account: r.Account, key: d.Key.String(), reason: d.Reason})
		}
	}
	for _, k := range s.Campaigns {
		rows = append(rows, csvRow{
			section: "campaigns", id: k.Campaign.ID.String(), state: string(k.Campaign.Status), kind: string(k.Concern), account: k.Campaign.AccountName,
			key: campaignName(k), accepted: k.Campaign.InitialDate.Time, ended: k.Campaign.FinalDate.Time,
		})
	}
	for _, g := range s.Callbacks {
		for _, d := range g.Comparison.Differences {
			rows = append(rows, csvRow{
				section: "callbacks", id: d.ID.String(), state: fmt.Sprintf("repaired %t", d.Repaired), kind: string(d.Kind), account: g.Account,
				key: d.Address, accepted: g.Comparison.At, reason: d.Reason,
			})
		}
	}
	for _, r := range s.Reloads {
		k := r.Sums
		for _, n := range []struct {
			name string
			n    int
		}{{"rows", k.Rows}, {"stored", k.Stored}, {"settled", k.Settled}, {"same", k.Same}, {"gave_way", k.GaveWay}, {"refused", k.Refused}} {
			rows = append(rows, csvRow{section: "reload", account: r.Account, key: r.Name, state: n.name, number: strconv.Itoa(n.n)})
		}
	}
	for _, t := range s.ToDo {
		rows = append(rows, csvRow{section: "to_do", state: string(t.Code), account: t.Account, number: strconv.FormatUint(t.Number, 10), reason: f.words.task(t)})
	}
	if len(s.ToDo) == 0 {
		rows = append(rows, csvRow{section: "to_do", reason: f.words.say("nothing")})
	}
	for _, r := range rows {
		if err := f.put(r); err != nil {
			return err
		}
	}
	f.w.Flush()
	return f.w.Error()
}

// sums are a row for each figure.
func (f *csvForm) sums(s *Summary) (rows []csvRow) {
	fates := func(key string, of Fates) {
		for _, n := range []struct {
			name string
			n    uint64
		}{
			{"entries", of.Entries},
			{"delivered", of.Delivered},
			{"superseded", of.Superseded},
			{"dead", of.Dead},
			{"cancelled", of.Cancelled},
			{"waiting", of.Waiting},
			{"parked", of.Parked},
		} {
			rows = append(rows, csvRow{section: "sum", key: key, state: n.name, number: strconv.FormatUint(n.n, 10)})
		}
	}
	fates("accepted", s.Accepted)
	fates("carried", s.Carried)
	if s.Forgotten > 0 {
		rows = append(rows, csvRow{section: "sum", key: "forgotten", state: "entries", number: strconv.FormatUint(s.Forgotten, 10)})
	}
	return rows
}

// noFormula puts an apostrophe before what a spreadsheet would compute.
func noFormula(cell string) string {
	trimmed := strings.TrimLeft(cell, " \t\r\n\v\f\u00a0\ufeff")
	if trimmed == "" {
		return cell
	}
	if strings.ContainsAny(trimmed[:1], "=+-@|%") || strings.ContainsRune("＝＋－＠", []rune(trimmed)[0]) {
		return "'" + cell
	}
	return cell
}
