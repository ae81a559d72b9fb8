package report

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

// Format is how a report is written.
type Format string

// The formats.
const (
	Text Format = "text"
	JSON Format = "json"
	CSV  Format = "csv"
	HTML Format = "html"
)

// Options say what is reported, and how. From and To are required.
type Options struct {
	// Name is that of the window, for the title; it may be empty.
	Name string
	// From and To bound the range: from From until just before To.
	From, To time.Time

	Format   Format   // defaults to Text
	Language Language // defaults to English
	// Zone is that of the local times, which stand beside UTC. Defaults to UTC.
	Zone *time.Location

	// What the program did besides.
	Orders    []Recheck
	Campaigns []anymarket.CampaignCheck
	Callbacks []Guarded
	Reloads   []Reload
}

// Source is what a report is made from.
type Source struct {
	Lives       iter.Seq2[outbox.Life, error]
	GateChanges iter.Seq2[outbox.GateChange, error]
	Stats       outbox.Stats
	Gate        []outbox.GateStatus
	Pauses      []outbox.Paused
	// Idle: no process delivers what waits.
	Idle bool
}

// Of is the source of a report on an outbox that delivers.
func Of(o *outbox.Outbox) Source {
	return Source{Lives: o.Lives(), GateChanges: o.GateChanges(), Stats: o.Stats(), Gate: o.Gate(), Pauses: o.Pauses()}
}

// Write writes a report and returns its figures. What is damaged in the source,
// an error that wraps [outbox.ErrFormat], is counted and does not end it. Other
// errors are [*api.FieldError] for options that cannot be right, and then nothing is
// written, and those of w, of ctx and of the source.
func Write(ctx context.Context, w io.Writer, s Source, o Options) (Summary, error) {
	o, err := o.checked()
	if err != nil {
		return Summary{}, err
	}
	words, err := wordsOf(o.Language, o.Zone)
	if err != nil {
		return Summary{}, err
	}
	var form interface {
		begin(o Options) error
		row(r Row) error
		end(s *Summary) error
	}
	switch o.Format {
	case JSON:
		form = &jsonForm{out: w, words: words}
	case CSV:
		form = newCSVForm(w, words)
	case HTML:
		form = &pageForm{words: words, write: func(d document) error { return writeHTML(w, d) }}
	default:
		form = &pageForm{words: words, write: func(d document) error { return writeText(w, d) }}
	}
	if err := form.begin(o); err != nil {
		return Summary{}, err
	}
	c := newCollector(o, s, form.row, time.Now())
	if err := c.collect(ctx); err != nil {
		return c.sum, err
	}
	return c.sum, form.end(&c.sum)
}

func (o Options) checked() (Options, error) {
	switch {
	case o.From.IsZero():
		return o, &api.FieldError{Field: "From", Reason: "is missing"}
	case o.From.After(time.Now()):
		return o, &api.FieldError{Field: "From", Reason: "lies in the future"}
	case !o.From.Before(o.To):
		return o, &api.FieldError{Field: "To", Reason: "is not after From"}
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	var err error
	if o.Format, err = ParseFormat(string(o.Format)); err != nil {
		return o, err
	}
	o.Language, err = ParseLanguage(string(o.Language))
	return o, err
}

// ParseFormat returns the format of that name; of none, [Text]. Its error is an
// [*api.FieldError].
func ParseFormat(name string) (Format, error) {
	switch f := Format(strings.ToLower(name)); f {
	case "":
		return Text, nil
	case Text, JSON, CSV, HTML:
		return f, nil
	default:
		return "", &api.FieldError{Field: "Format", Reason: fmt.Sprintf("is %q, want text, json, csv or html", name)}
	}
}
