package callback

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// Comparison is what a guardian found.
type Comparison struct {
	At time.Time `json:"at"`
	// Listed: the list could be read. Else each remembered callback was asked for
	// by its id, which shows neither those that are new nor those that were
	// registered again.
	Listed bool `json:"listed"`
	// Remembered is how many callbacks there should be.
	Remembered  int          `json:"remembered"`
	Differences []Difference `json:"differences,omitempty"`
}

// OK says that each remembered callback is registered as it should be, by now.
func (c Comparison) OK() bool {
	return !slices.ContainsFunc(c.Differences, func(d Difference) bool { return !d.harmless() })
}

// outstanding says whether a later repair may do what this one could not.
func (c Comparison) outstanding() bool {
	return slices.ContainsFunc(c.Differences, func(d Difference) bool { return !d.harmless() && d.Kind != Doubled })
}

// DifferenceKind is what is different.
type DifferenceKind string

// The kinds of differences.
const (
	// Missing: it is not registered any more.
	Missing DifferenceKind = "missing"
	// Changed: it has another address, or is told of other things.
	Changed DifferenceKind = "changed"
	// Doubled: its address is registered a second time, under the ID. It is never
	// removed by the guardian.
	Doubled DifferenceKind = "doubled"
	// Added: it was registered since. Nothing is wrong.
	Added DifferenceKind = "added"
)

// Difference is one thing that is not as it was.
type Difference struct {
	Kind DifferenceKind `json:"kind"`
	// ID is the callback's; zero if it is not known. After a repair it is that of
	// the new one.
	ID api.ID `json:"id,omitzero"`
	// Address is the callback's up to its host; the rest is a secret.
	Address string `json:"address"`
	// Fields are those that changed, in their order.
	Fields []string `json:"fields,omitempty"`
	// Repaired: it is as it should be now.
	Repaired bool `json:"repaired,omitempty"`
	// Reason says in one sentence what is wrong, and what to do if it was not
	// repaired.
	Reason string `json:"reason"`
}

func (d Difference) harmless() bool { return d.Repaired || d.Kind == Added }

// pair is a remembered callback and what is registered of it, nil if nothing is.
type pair struct {
	was *registration
	is  *api.Callback
}

// match finds each remembered callback: by its address, since whoever registers
// it again gets another id, and if nobody has that, by its id. What is left over
// has an address of a remembered one, or is new.
func match(remembered []registration, rows []api.Callback) (pairs []pair, doubled, added []api.Callback) {
	taken := make([]bool, len(rows))
	find := func(fits func(api.Callback) bool) *api.Callback {
		for i := range rows {
			if !taken[i] && fits(rows[i]) {
				taken[i] = true
				return &rows[i]
			}
		}
		return nil
	}
	for i := range remembered {
		was := &remembered[i]
		is := find(func(row api.Callback) bool { return row.ID == was.ID && sameAddress(row.URL, was.URL) })
		if is == nil {
			is = find(func(row api.Callback) bool { return sameAddress(row.URL, was.URL) })
		}
		pairs = append(pairs, pair{was, is})
	}
	known := func(row api.Callback) bool {
		return slices.ContainsFunc(remembered, func(r registration) bool { return sameAddress(r.URL, row.URL) })
	}
	for i := range pairs {
		if p := &pairs[i]; p.is == nil && p.was.ID != 0 {
			p.is = find(func(row api.Callback) bool { return row.ID == p.was.ID })
		}
	}
	for i, row := range rows {
		switch {
		case taken[i]:
		case known(row):
			doubled = append(doubled, row)
		default:
			added = append(added, row)
		}
	}
	return pairs, doubled, added
}

// sameAddress says whether notifications to both come to the same place.
func sameAddress(a, b string) bool {
	if a == b {
		return true
	}
	x, errX := url.Parse(a)
	y, errY := url.Parse(b)
	return errX == nil && errY == nil && x.Scheme == y.Scheme && strings.EqualFold(x.Host, y.Host) &&
		strings.TrimSuffix(x.EscapedPath(), "/") == strings.TrimSuffix(y.EscapedPath(), "/") && x.RawQuery == y.RawQuery
}

// address is an address as people may see it: what is behind the host is a secret.
func address(raw string) string {
	const hidden = "[hidden]"
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return hidden
	}
	return u.Scheme + "://" + u.Host + "/" + hidden
}

// without is an error's text with an address hidden, which ANYMARKET's messages
// may repeat.
func without(err error, raw string) string {
	return strings.ReplaceAll(err.Error(), raw, address(raw))
}

// changes names what differs, as the API does.
func (r *registration) changes(is api.Callback) []string {
	var fields []string
	differs := func(field string, yes bool) {
		if yes {
			fields = append(fields, field)
		}
	}
	differs("url", !sameAddress(r.URL, is.URL))
	differs("orderActive", r.Order != is.OrderActive)
	differs("productActive", r.Product != is.ProductActive)
	differs("transmissionActive", r.Transmission != is.TransmissionActive)
	differs("questionActive", r.Question != is.QuestionActive)
	return fields
}
