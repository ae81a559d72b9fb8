package report

import (
	"embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// Language is that of the sentences.
type Language string

// The languages.
const (
	English    Language = "en"
	Spanish    Language = "es"
	Portuguese Language = "pt"
)

// ParseLanguage returns the language of a tag such as "pt", "pt-BR" or "pt_BR.UTF-8";
// of none, [English]. Its error is an [*api.FieldError].
func ParseLanguage(tag string) (Language, error) {
	base, _, _ := strings.Cut(strings.ToLower(tag), ".")
	base, _, _ = strings.Cut(strings.ReplaceAll(base, "_", "-"), "-")
	switch l := Language(base); l {
	case "":
		if tag == "" {
			return English, nil
		}
	case English, Spanish, Portuguese:
		return l, nil
	}
	return "", &api.FieldError{Field: "Language", Reason: fmt.Sprintf("is %q, want en, es or pt", tag)}
}

//go:embed lang/*.json
var catalogues embed.FS

// words says things in one language and zone.
type words struct {
	language Language
	zone     *time.Location
	messages map[string]message
}

// message is a text with places for values, {name}, or one for each plural.
type message map[plural]string

// plural is a category of numbers that a language tells apart.
type plural string

const (
	one   plural = "one"
	many  plural = "many" // whole millions, which take "de"
	other plural = "other"
)

// UnmarshalJSON reads a text, or an object of plurals.
func (m *message) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*m = message{other: text}
		return nil
	}
	return json.Unmarshal(data, (*map[plural]string)(m))
}

func wordsOf(l Language, zone *time.Location) (*words, error) {
	data, err := catalogues.ReadFile("lang/" + string(l) + ".json")
	if err != nil {
		return nil, err
	}
	w := &words{language: l, zone: zone}
	if err := json.Unmarshal(data, &w.messages); err != nil {
		return nil, fmt.Errorf("catalogue %s: %w", l, err)
	}
	return w, nil
}

// missing stands for a text that the catalogue does not have; tests look for it.
const missing = "[?] "

// say returns a text with values in its places: name, value, name, value.
func (w *words) say(key string, values ...string) string {
	return w.fill(key, other, values)
}

// count is say for a number, {n}, by which the text goes.
func (w *words) count(key string, n uint64, values ...string) string {
	return w.fill(key, w.pluralOf(n), append([]string{"n", w.number(int64(n))}, values...))
}

func (w *words) fill(key string, p plural, values []string) string {
	text, ok := w.messages[key][p]
	if !ok {
		return missing + key
	}
	places := make([]string, 0, len(values))
	for i, v := range values {
		if i%2 == 0 {
			v = "{" + v + "}"
		}
		places = append(places, v)
	}
	return strings.NewReplacer(places...).Replace(text)
}

// pluralOf follows the Unicode CLDR: in Portuguese zero goes with one.
func (w *words) pluralOf(n uint64) plural {
	const million = 1_000_000
	switch {
	case n == 1, n == 0 && w.language == Portuguese:
		return one
	case n != 0 && n%million == 0 && w.language != English:
		return many
	default:
		return other
	}
}

// number groups digits by threes. Spanish does so in two ways on the two sides
// of the ocean, so it gets a space that does not break, and none in four digits.
func (w *words) number(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "−", s[1:]
	}
	group := map[Language]string{English: ",", Spanish: "\u00a0", Portuguese: "."}[w.language]
	if len(s) <= 3 || len(s) == 4 && w.language == Spanish {
		return sign + s
	}
	first := len(s) % 3
	var groups []string
	if first > 0 {
		groups = append(groups, s[:first])
	}
	for i := first; i < len(s); i += 3 {
		groups = append(groups, s[i:i+3])
	}
	return sign + strings.Join(groups, group)
}

// day writes a date in full, of the zone.
func (w *words) day(t time.Time) string {
	t = t.In(w.zone)
	return w.say("date.full",
		"weekday", w.say("weekday."+strconv.Itoa(int(t.Weekday()))), "day", strconv.Itoa(t.Day()),
		"month", w.say("month."+strconv.Itoa(int(t.Month()))), "year", strconv.Itoa(t.Year()))
}

// local writes a moment in short, of the zone and with its offset.
func (w *words) local(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return w.short(t.In(w.zone)) + " " + offset(t.In(w.zone))
}

func (w *words) utc(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return w.short(t.UTC()) + " UTC"
}

// both writes a moment of the zone and of UTC, or once if they are the same.
func (w *words) both(t time.Time) string {
	if t.IsZero() || w.isUTC(t) {
		return w.utc(t)
	}
	return w.local(t) + " (" + w.utc(t) + ")"
}

// isUTC says whether UTC beside the local time would say it twice.
func (w *words) isUTC(t time.Time) bool {
	_, seconds := t.In(w.zone).Zone()
	return seconds == 0
}

func (w *words) short(t time.Time) string { return w.shortDay(t) + " " + t.Format("15:04:05") }

func (w *words) shortDay(t time.Time) string {
	return w.say("date.short",
		"day", fmt.Sprintf("%02d", t.Day()), "month", w.say("month.short."+strconv.Itoa(int(t.Month()))),
		"year", strconv.Itoa(t.Year()))
}

// offset writes that of a local time with a true minus.
func offset(t time.Time) string {
	return strings.Replace(t.Format("-07:00"), "-", "−", 1)
}

// zoneName names a zone; that of the machine has no name of its own.
func zoneName(zone *time.Location, at time.Time) string {
	if zone == time.Local { //nolint:gosmopolitan // whoever asks for the machine's zone gets it
		return at.In(zone).Format("MST")
	}
	return zone.String()
}

// duration writes the two greatest units of it; their symbols are the same in
// all three languages.
func (w *words) duration(d Duration) string {
	const day = 24 * time.Hour
	t := time.Duration(d).Round(time.Second)
	parts := func(high time.Duration, a string, low time.Duration, b string) string {
		s := w.number(int64(t/high)) + "\u00a0" + a
		if rest := t % high / low; rest > 0 {
			s += " " + strconv.Itoa(int(rest)) + "\u00a0" + b
		}
		return s
	}
	switch {
	case t >= day:
		return parts(day, "d", time.Hour, "h")
	case t >= time.Hour:
		return parts(time.Hour, "h", time.Minute, "min")
	case t >= time.Minute:
		return parts(time.Minute, "min", time.Second, "s")
	default:
		return strconv.Itoa(int(t/time.Second)) + "\u00a0s"
	}
}

// account names one; the default one has no name.
func (w *words) account(name string) string {
	if name == "" {
		return w.say("account.default")
	}
	return name
}
