package maintenance

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ErrNotStatusPage says that an answer is not the summary of a status page.
var ErrNotStatusPage = errors.New("not the summary of a status page")

const (
	// maxMaintenances is the most that a page can list; real ones list at most 50.
	maxMaintenances = 200
	// maxText bounds a text that is taken over from a page, in bytes.
	maxText = 200
)

// Stage is how far a maintenance is, as the page has it. Pages may have others
// than these; such a maintenance counts as planned.
type Stage string

// Stages of a maintenance.
const (
	Scheduled  Stage = "scheduled"
	InProgress Stage = "in_progress"
	Verifying  Stage = "verifying"
	Completed  Stage = "completed"
)

func (s Stage) running() bool { return s == InProgress || s == Verifying }

// over includes what some pages say instead of taking a maintenance off.
func (s Stage) over() bool { return s == Completed || s == "cancelled" || s == "canceled" }

// Page is what a status page says.
type Page struct {
	// ReadAt is when.
	ReadAt time.Time
	// Indicator is none, minor, major, critical or maintenance, or what else
	// the page calls it; Description is the same for people.
	Indicator, Description string
	// Maintenances are those that are planned or running.
	Maintenances []Maintenance
	// Incidents are the open ones.
	Incidents []Incident
	// Problems are what does not count of it, and why.
	Problems []error
}

// Maintenance is an announcement of a page.
type Maintenance struct {
	ID, Name string
	Stage    Stage
	Impact   string
	// Start and End are the plan, UTC.
	Start, End time.Time
	// Components are the names of what it concerns; pages may leave them out.
	Components []string
	// Link is where people read more.
	Link string
}

func (m Maintenance) window() Window {
	return Window{Name: m.Name, Start: m.Start, End: m.End}.utc()
}

// Incident is something wrong that nobody planned.
type Incident struct {
	ID, Name, Status, Impact, Link string
}

// summary is a page as it was decoded.
type summary struct {
	Page
	// unread are the ids of maintenances that could not be read, empty where
	// not even that could.
	unread []string
}

type summaryJSON struct {
	Page         json.RawMessage   `json:"page"`
	Status       json.RawMessage   `json:"status"`
	Incidents    []json.RawMessage `json:"incidents"`
	Maintenances []json.RawMessage `json:"scheduled_maintenances"`
}

type maintenanceJSON struct {
	Name           string `json:"name"`
	Status         Stage  `json:"status"`
	Impact         string `json:"impact"`
	ScheduledFor   string `json:"scheduled_for"`
	ScheduledUntil string `json:"scheduled_until"`
	Shortlink      string `json:"shortlink"`
	Components     []struct {
		Name string `json:"name"`
	} `json:"components"`
}

// parseSummary reads the answer to /api/v2/summary.json. An entry that is wrong
// does not spoil the others. What says nothing of maintenances at all is no
// summary: an empty list means that all are off, and must not be guessed.
//
// Source: the Statuspage v2 API.
func parseSummary(data []byte) (summary, error) {
	var j summaryJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return summary{}, fmt.Errorf("%w: %w", ErrNotStatusPage, err)
	}
	switch {
	case len(j.Page) == 0 || j.Page[0] != '{':
		return summary{}, fmt.Errorf("%w: page: want an object", ErrNotStatusPage)
	case j.Maintenances == nil:
		return summary{}, fmt.Errorf("%w: scheduled_maintenances: want a list", ErrNotStatusPage)
	case len(j.Maintenances) > maxMaintenances:
		return summary{}, fmt.Errorf("%w: scheduled_maintenances: %d, the most is %d", ErrNotStatusPage, len(j.Maintenances), maxMaintenances)
	}
	var s summary
	s.readStatus(j.Status)
	seen := map[string]bool{}
	for i, raw := range j.Maintenances {
		m, err := parseMaintenance(raw)
		if err == nil && seen[m.ID] {
			err = errors.New("id: is that of another one")
		}
		seen[m.ID] = true
		if err != nil {
			s.unread = append(s.unread, m.ID)
			s.Problems = append(s.Problems, fmt.Errorf("scheduled_maintenances[%d] %q: %w", i, m.ID, err))
			continue
		}
		s.Maintenances = append(s.Maintenances, m)
	}
	for i, raw := range j.Incidents {
		in, err := parseIncident(raw)
		if err != nil {
			s.Problems = append(s.Problems, fmt.Errorf("incidents[%d]: %w", i, err))
			continue
		}
		s.Incidents = append(s.Incidents, in)
	}
	return s, nil
}

func (s *summary) readStatus(raw json.RawMessage) {
	if raw == nil {
		return
	}
	var status struct{ Indicator, Description string }
	if err := json.Unmarshal(raw, &status); err != nil {
		s.Problems = append(s.Problems, fmt.Errorf("status: %w", err))
	}
	s.Indicator, s.Description = clean(status.Indicator), clean(status.Description)
}

// parseMaintenance returns the id with an error too, if there is one.
func parseMaintenance(raw json.RawMessage) (Maintenance, error) {
	id, err := parseID(raw)
	if err != nil {
		return Maintenance{}, err
	}
	m := Maintenance{ID: id}
	var j maintenanceJSON
	if err := json.Unmarshal(raw, &j); err != nil {
		return m, err
	}
	if j.Status == "" {
		return m, errors.New("status: is missing")
	}
	if m.Start, err = parseTime(j.ScheduledFor); err != nil {
		return m, fmt.Errorf("scheduled_for: %w", err)
	}
	if m.End, err = parseTime(j.ScheduledUntil); err != nil {
		return m, fmt.Errorf("scheduled_until: %w", err)
	}
	m.Name, m.Stage, m.Impact, m.Link = clean(j.Name), Stage(clean(string(j.Status))), clean(j.Impact), clean(j.Shortlink)
	for _, c := range j.Components {
		m.Components = append(m.Components, clean(c.Name))
	}
	return m, nil
}

func parseIncident(raw json.RawMessage) (Incident, error) {
	id, err := parseID(raw)
	if err != nil {
		return Incident{}, err
	}
	var j struct{ Name, Status, Impact, Shortlink string }
	if err := json.Unmarshal(raw, &j); err != nil {
		return Incident{}, err
	}
	return Incident{ID: id, Name: clean(j.Name), Status: clean(j.Status), Impact: clean(j.Impact), Link: clean(j.Shortlink)}, nil
}

func parseID(raw json.RawMessage) (string, error) {
	var j struct{ ID string }
	if err := json.Unmarshal(raw, &j); err != nil {
		return "", err
	}
	if j.ID == "" || j.ID != clean(j.ID) {
		return "", errors.New("id: is missing, too long or has control characters")
	}
	return j.ID, nil
}

func parseTime(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q, want a time with an offset such as 2024-07-28T01:00:00-03:00", clean(s))
}

// clean makes a text of the page fit for logs and terminals: without control
// characters, and without those that change the direction of a line unseen.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
	if len(s) <= maxText {
		return s
	}
	end := maxText
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
