package anymarkettest

import (
	"fmt"
	"slices"
	"time"
)

// maintenance is one that a status page knows of.
type maintenance struct {
	id, name, status string
	start, end       time.Time
	created, updated time.Time
}

// incident is one that a status page knows of.
type incident struct {
	id, name, status, impact string
	created, updated         time.Time
}

// Announce puts up a maintenance, as scheduled, and returns its id.
func (p *StatusPage) Announce(name string, start time.Time, d time.Duration) (id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	m := &maintenance{id: p.idLocked(), name: name, status: "scheduled", start: start, end: start.Add(d), created: now, updated: now}
	p.maintenances = append(p.maintenances, m)
	return m.id
}

// Mark changes the status of a maintenance: scheduled, in_progress, verifying,
// completed, or what a page may call it else. It panics if there is no such
// maintenance, as the others do.
func (p *StatusPage) Mark(id, status string) {
	p.change(id, func(m *maintenance) { m.status = status })
}

// Move changes the plan of a maintenance.
func (p *StatusPage) Move(id string, start time.Time, d time.Duration) {
	p.change(id, func(m *maintenance) { m.start, m.end = start, start.Add(d) })
}

// Cancel takes a maintenance off the page.
func (p *StatusPage) Cancel(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.findLocked(id)
	p.maintenances = slices.DeleteFunc(p.maintenances, func(o *maintenance) bool { return o == m })
}

func (p *StatusPage) change(id string, f func(*maintenance)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.findLocked(id)
	f(m)
	m.updated = time.Now()
}

func (p *StatusPage) findLocked(id string) *maintenance {
	for _, m := range p.maintenances {
		if m.id == id {
			return m
		}
	}
	panic(fmt.Sprintf("anymarkettest: the status page has no maintenance %q", id))
}

// OpenIncident puts up an incident and returns its id. Impact is none, minor,
// major or critical.
func (p *StatusPage) OpenIncident(name, impact string) (id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	i := &incident{id: p.idLocked(), name: name, status: "investigating", impact: impact, created: now, updated: now}
	p.incidents = append(p.incidents, i)
	return i.id
}

// ResolveIncident ends an incident.
func (p *StatusPage) ResolveIncident(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range p.incidents {
		if i.id == id {
			i.status, i.updated = "resolved", time.Now()
			return
		}
	}
	panic(fmt.Sprintf("anymarkettest: the status page has no incident %q", id))
}

// In has the page write its times with the offset of a zone. They are UTC
// before.
func (p *StatusPage) In(zone *time.Location) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.zone = zone
}

func (p *StatusPage) idLocked() string {
	p.nextID++
	return fmt.Sprintf("fake%08d", p.nextID)
}
