package report

import "strings"

func (b builder) orders() section {
	if len(b.s.Orders) == 0 {
		return section{}
	}
	sums := b.head("account", "from", "to", "same#", "only_there#", "only_here#", "status_differs#", "ambiguous#", "waiting#")
	list := b.head("order", "difference", "action")
	for _, r := range b.s.Orders {
		k := r.Sums
		sums.row(plain(b.account(r.Account)), b.at(r.From), b.at(r.To), b.n(uint64(k.Same)), b.n(uint64(k.OnlyThere)), b.n(uint64(k.OnlyHere)),
			b.n(uint64(k.StatusDiffers)), b.n(uint64(k.Ambiguous)), b.n(uint64(k.Waiting)))
		for _, d := range r.Differences {
			list.row(two(d.Key.String(), b.account(r.Account)), two(b.say("difference."+string(d.Kind)), d.Reason), plain(b.say("action."+string(d.Action))))
		}
	}
	out := b.section("orders", sums)
	if len(list.Rows) > 0 {
		out.Tables = append(out.Tables, list.first(b, mostShown))
	}
	return out
}

// first is a table of at most so many rows.
func (t table) first(b builder, most int) table {
	if n := len(t.Rows); n > most {
		t.Rows, t.More = t.Rows[:most], b.count("more", uint64(n-most))
	}
	return t
}

func (b builder) campaigns() section {
	if len(b.s.Campaigns) == 0 {
		return section{}
	}
	t := b.head("campaign", "starts", "ends", "products#", "concern")
	for _, k := range b.s.Campaigns {
		t.row(two(campaignName(k), string(k.Campaign.Status)), b.at(k.Campaign.InitialDate.Time), b.at(k.Campaign.FinalDate.Time),
			b.n(uint64(max(0, k.Campaign.ProductsCount))), two(b.say("concern."+string(k.Concern)), b.say("advice."+string(k.Concern))))
	}
	return b.section("campaigns", t.first(b, mostShown))
}

func (b builder) callbacks() section {
	if len(b.s.Callbacks) == 0 {
		return section{}
	}
	sums := b.head("account", "at", "remembered#", "differences#", "repaired#")
	list := b.head("callback", "difference", "repaired")
	for _, g := range b.s.Callbacks {
		repaired := uint64(0)
		for _, d := range g.Comparison.Differences {
			done := b.say("no")
			if d.Repaired {
				repaired++
				done = b.say("yes")
			}
			list.row(two(d.Address, b.account(g.Account)), two(b.say("callback."+string(d.Kind)), d.Reason), plain(done))
		}
		sums.row(plain(b.account(g.Account)), b.at(g.Comparison.At), b.n(uint64(g.Comparison.Remembered)), b.n(uint64(len(g.Comparison.Differences))), b.n(repaired))
	}
	out := b.section("callbacks", sums)
	if len(list.Rows) > 0 {
		out.Tables = append(out.Tables, list.first(b, mostShown))
	}
	return out
}

func (b builder) reloads() section {
	if len(b.s.Reloads) == 0 {
		return section{}
	}
	t := b.head("reload", "rows#", "stored#", "settled#", "same#", "gave_way#", "refused#")
	for _, r := range b.s.Reloads {
		k := r.Sums
		t.row(two(b.account(r.Account), r.Name), b.n(uint64(k.Rows)), b.n(uint64(k.Stored)), b.n(uint64(k.Settled)), b.n(uint64(k.Same)), b.n(uint64(k.GaveWay)), b.n(uint64(k.Refused)))
	}
	return b.section("reloads", t)
}

// limits says what the report cannot know.
func (b builder) limits() section {
	out := b.section("limits")
	if b.s.Forgotten > 0 {
		out.Notes = append(out.Notes, b.count("limits.forgotten", b.s.Forgotten))
	}
	if b.s.Unreadable > 0 {
		out.Notes = append(out.Notes, b.count("limits.unreadable", uint64(b.s.Unreadable)))
	}
	if b.s.To.After(b.s.At) {
		out.Notes = append(out.Notes, b.say("limits.not_over"))
	}
	if out.Notes == nil {
		return section{}
	}
	return out
}

func (b builder) toDo() section {
	out := b.section("to_do")
	for _, t := range b.s.ToDo {
		out.List = append(out.List, b.task(t))
	}
	if len(out.List) == 0 {
		out.Notes = append(out.Notes, b.say("nothing"))
	}
	if n := stillWaits(b.s); n > 0 {
		out.Notes = append(out.Notes, b.count("still_waits", n))
	}
	return out
}

// task says what is to be done.
func (w *words) task(t Task) string {
	s := w.count("task."+string(t.Code), t.Number, "account", w.account(t.Account), "detail", t.Detail)
	switch {
	case t.Detail == "", t.Code == TaskCampaign, t.Code == TaskCallback, t.Code == TaskReload:
		return s
	default:
		return strings.TrimSuffix(s, ".") + " (" + t.Detail + ")."
	}
}
