package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// timeLayout is how dates go out: seconds and a numeric offset, as the
// official SDK writes them.
const timeLayout = "2006-01-02T15:04:05-07:00"

// Time is a moment as ANYMARKET writes it. The zero value is absent.
//
// It comes in with or without fraction, with Z, +00:00 or +0000. Without any
// offset it is taken for America/Sao_Paulo, and ZoneAssumed says so. What cannot
// be read leaves the moment zero and Text as it came, so that one odd date does
// not make a whole answer unreadable.
//
// Source: official SDK, SDKDateSerializer and SDKDateDeserializer; OpenAPI v2
// document asks for the offset on every date. The zone of dates without one is
// an assumption.
type Time struct {
	time.Time
	// ZoneAssumed says that no offset was given.
	ZoneAssumed bool
	// Text is what came, at most 64 bytes of it; empty for a time made by [At].
	Text string
}

// At is the moment t, for use in a request.
func At(t time.Time) Time { return Time{Time: t} }

// ParseTime reads a date the way answers are read, and says when it cannot.
func ParseTime(text string) (Time, error) {
	t := readTime(text)
	if t.IsZero() {
		return Time{}, fmt.Errorf("not a date such as 2024-07-28T01:00:00-03:00: %s", quoteShort(text))
	}
	return t, nil
}

// MarshalJSON writes seconds and a numeric offset, null if there is no moment;
// requests refuse a date that could not be read before it comes to that. A year
// outside 0 to 9999 is an error.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	if why := t.check(); why != "" {
		return nil, fmt.Errorf("date: %s", why)
	}
	return []byte(`"` + t.Format(timeLayout) + `"`), nil
}

// UnmarshalJSON reads text, or a number as milliseconds since 1970. It never
// fails, see [Time].
func (t *Time) UnmarshalJSON(data []byte) error {
	*t = Time{}
	data = bytes.TrimSpace(data)
	if string(data) == "null" {
		return nil
	}
	var text string
	if json.Unmarshal(data, &text) == nil {
		*t = readTime(text)
		return nil
	}
	t.Text = cutBytes(string(data), maxNumberText)
	// Milliseconds and nothing else: seconds would be far below this bound.
	const year1973 = 1e11
	if ms, err := strconv.ParseInt(string(data), 10, 64); err == nil && ms >= year1973 && ms < year1973*1000 {
		t.Time = time.UnixMilli(ms).UTC()
	}
	return nil
}

// check says why the date cannot be sent; empty if it can.
func (t Time) check() string {
	switch {
	case t.IsZero() && t.Text != "":
		return "is not a date: " + quoteShort(t.Text)
	case !t.IsZero() && (t.Year() < 0 || t.Year() > 9999):
		return "has a year outside 0 to 9999"
	case !t.IsZero() && !wholeMinutes(t.Time):
		return "has an offset of seconds, which cannot be written"
	default:
		return ""
	}
}

// wholeMinutes says whether the offset is one that ISO 8601 can write. Local
// mean times of the past are not.
func wholeMinutes(t time.Time) bool {
	_, offset := t.Zone()
	return offset%60 == 0 && offset > -24*3600 && offset < 24*3600
}

// checkTime refuses a date that cannot be sent.
func checkTime(field string, t Time) error {
	if why := t.check(); why != "" {
		return &FieldError{Field: field, Reason: why}
	}
	return nil
}

// readTime reads text; the moment is zero if it cannot.
func readTime(text string) Time {
	t := Time{Text: cutBytes(text, maxNumberText)}
	text = strings.TrimSpace(text)
	if len(text) > maxNumberText {
		return t
	}
	text = strings.Replace(text, " ", "T", 1) // "2024-07-28 01:00:00"
	// Parsing takes a fraction after the seconds whatever the layout says.
	for _, layout := range []string{
		"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07",
		"2006-01-02T15:04Z07:00", "2006-01-02T15:04Z0700",
	} {
		if at, err := time.Parse(layout, text); err == nil {
			// An offset equal to the local zone's would bring the zone's name and
			// its later changes along; only the offset was said.
			_, offset := at.Zone()
			t.Time = at.In(fixedZone(offset))
			return t
		}
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if wall, err := time.Parse(layout, text); err == nil {
			t.Time, t.ZoneAssumed = inSaoPaulo(wall), true
			return t
		}
	}
	return t
}

// fixedZone is UTC for offsets that could not be written again.
func fixedZone(offset int) *time.Location {
	if offset == 0 || offset%60 != 0 || offset <= -24*3600 || offset >= 24*3600 {
		return time.UTC
	}
	return time.FixedZone("", offset)
}

// inSaoPaulo takes the clock reading of wall for one in Brazil's main zone.
// That has had no summer time since 2019, so current dates need no zone data;
// where there is none, older ones get the standard offset.
func inSaoPaulo(wall time.Time) time.Time {
	const offset, lastYearWithSummerTime = -3 * 60 * 60, 2019
	zone := time.FixedZone("", offset)
	if wall.Year() <= lastYearWithSummerTime {
		if brazil, err := time.LoadLocation("America/Sao_Paulo"); err == nil {
			zone = brazil
		}
	}
	at := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), zone)
	if _, seconds := at.Zone(); seconds%60 != 0 {
		return at.In(time.FixedZone("", offset)) // before 1914
	}
	return at
}
