package anymarkettest

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// resource is what a path of the API returns.
func (p *StatusPage) resource(path string) (any, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	running := func(status string) bool { return status == "in_progress" || status == "verifying" }
	body := map[string]any{"page": p.aboutLocked()}
	switch strings.TrimPrefix(path, "/api/v2/") {
	case "summary.json":
		body["status"] = p.statusLocked()
		body["components"] = []any{}
		body["incidents"] = p.incidentsLocked(func(status string) bool { return status != "resolved" })
		body["scheduled_maintenances"] = p.maintenancesLocked(func(status string) bool { return status != "completed" })
	case "status.json":
		body["status"] = p.statusLocked()
	case "scheduled-maintenances.json":
		body["scheduled_maintenances"] = p.maintenancesLocked(func(string) bool { return true })
	case "scheduled-maintenances/upcoming.json":
		body["scheduled_maintenances"] = p.maintenancesLocked(func(status string) bool { return status == "scheduled" })
	case "scheduled-maintenances/active.json":
		body["scheduled_maintenances"] = p.maintenancesLocked(running)
	case "incidents.json":
		body["incidents"] = p.incidentsLocked(func(string) bool { return true })
	case "incidents/unresolved.json":
		body["incidents"] = p.incidentsLocked(func(status string) bool { return status != "resolved" })
	default:
		return nil, false
	}
	return body, true
}

func (p *StatusPage) aboutLocked() map[string]any {
	var updated time.Time
	for _, m := range p.maintenances {
		updated = later(updated, m.updated)
	}
	for _, i := range p.incidents {
		updated = later(updated, i.updated)
	}
	return map[string]any{"id": "fake", "name": "ANYMARKET", "url": p.URL, "time_zone": p.zone.String(), "updated_at": p.timeLocked(updated)}
}

func (p *StatusPage) statusLocked() map[string]string {
	for _, i := range p.incidents {
		if i.status != "resolved" {
			return map[string]string{"indicator": i.impact, "description": i.name}
		}
	}
	for _, m := range p.maintenances {
		if m.status == "in_progress" || m.status == "verifying" {
			return map[string]string{"indicator": "maintenance", "description": "Service Under Maintenance"}
		}
	}
	return map[string]string{"indicator": "none", "description": "All Systems Operational"}
}

func (p *StatusPage) maintenancesLocked(want func(status string) bool) []map[string]any {
	list := []map[string]any{}
	for _, m := range slices.SortedFunc(slices.Values(p.maintenances), func(x, y *maintenance) int { return cmp.Compare(y.id, x.id) }) {
		if !want(m.status) {
			continue
		}
		list = append(list, map[string]any{
			"id": m.id, "name": m.name, "status": m.status, "impact": "maintenance", "page_id": "fake", "shortlink": p.URL + "/" + m.id,
			"created_at": p.timeLocked(m.created), "updated_at": p.timeLocked(m.updated), "started_at": p.timeLocked(m.created),
			"monitoring_at": nil, "resolved_at": nil,
			"scheduled_for": p.timeLocked(m.start), "scheduled_until": p.timeLocked(m.end),
			"components": []map[string]string{{"id": "api", "name": "API", "status": "operational"}}, "incident_updates": []any{},
		})
	}
	return list
}

func (p *StatusPage) incidentsLocked(want func(status string) bool) []map[string]any {
	list := []map[string]any{}
	for _, i := range slices.Backward(p.incidents) {
		if want(i.status) {
			list = append(list, map[string]any{
				"id": i.id, "name": i.name, "status": i.status, "impact": i.impact, "page_id": "fake", "shortlink": p.URL + "/" + i.id,
				"created_at": p.timeLocked(i.created), "updated_at": p.timeLocked(i.updated), "incident_updates": []any{},
			})
		}
	}
	return list
}

func (p *StatusPage) timeLocked(t time.Time) string {
	return t.In(p.zone).Format("2006-01-02T15:04:05.000Z07:00")
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
