package anymarkettest

import (
	"slices"
	"time"
)

// outage is a time without service.
type outage struct {
	start, end time.Time
	mode       Mode
}

// late is the effect of a request whose answer has long been given.
type late struct {
	due time.Time
	run func(now time.Time)
}

// Maintenance begins a maintenance that ends after d. Requests meet
// Options.Outage, nothing is processed and no callback leaves; an answer that
// was on its way when it began is lost.
func (s *Server) Maintenance(d time.Duration) { s.MaintenanceAt(time.Now(), d) }

// MaintenanceAt plans a maintenance.
func (s *Server) MaintenanceAt(start time.Time, d time.Duration) {
	s.DownAt(start, d, s.o.Outage)
}

// DownAt plans a maintenance that looks as mode says.
func (s *Server) DownAt(start time.Time, d time.Duration, mode Mode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settleLocked(time.Now())
	s.outages = append(s.outages, outage{start: start, end: start.Add(d), mode: mode})
	s.changedLocked()
}

// EndMaintenance ends a maintenance now, and forgets planned ones.
func (s *Server) EndMaintenance() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.settleLocked(now)
	for i := range s.outages {
		o := &s.outages[i]
		if now.Before(o.end) {
			o.end = now
		}
	}
	s.outages = slices.DeleteFunc(s.outages, func(o outage) bool { return !o.start.Before(o.end) })
	s.changedLocked()
}

// Down says whether a maintenance is going on, and until when.
func (s *Server) Down() (until time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.outageLocked(time.Now())
	return o.end, ok
}

// Fail says what the next requests meet, in this order. Each Fault waits for
// the requests that it means.
func (s *Server) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		if f.Times == 0 {
			f.Times = 1
		}
		s.faults = append(s.faults, f)
	}
}

// Heal drops all faults that wait for requests.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

func (s *Server) changedLocked() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Server) refusing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.outageLocked(time.Now())
	return ok && o.mode == Refused
}

// outageLocked returns the outage at a time, the longest if several.
func (s *Server) outageLocked(now time.Time) (found outage, ok bool) {
	for _, o := range s.outages {
		if !now.Before(o.start) && now.Before(o.end) && o.end.After(found.end) {
			found, ok = o, true
		}
	}
	return found, ok
}

// faultLocked takes the fault that a request meets.
func (s *Server) faultLocked(r Request) (Fault, bool) {
	for i := range s.faults {
		f := &s.faults[i]
		if f.Route != "" && f.Route != r.Route || f.If != nil && !f.If(r) {
			continue
		}
		found := *f
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				s.faults = slices.Delete(s.faults, i, i+1)
			}
		}
		return found, true
	}
	return Fault{}, false
}

// settleLocked applies the late effects that are due, in their order. They are
// applied when somebody looks, so that no goroutine waits for them; nobody can
// tell the difference.
func (s *Server) settleLocked(now time.Time) {
	for {
		next, first := -1, time.Time{}
		for i, l := range s.late {
			if at := s.appliedAtLocked(l.due); !at.After(now) && (next < 0 || at.Before(first)) {
				next, first = i, at
			}
		}
		if next < 0 {
			return
		}
		l := s.late[next]
		s.late = slices.Delete(s.late, next, next+1)
		l.run(first)
	}
}

// appliedAtLocked is when an effect that is due takes place. In a maintenance
// nothing is applied: it waits inside until that ends, early perhaps.
func (s *Server) appliedAtLocked(due time.Time) time.Time {
	for o, down := s.outageLocked(due); down; o, down = s.outageLocked(due) {
		due = o.end
	}
	return due
}
