package simulation

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// live starts the program again if it has ended.
func (s *Simulation) live(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client != nil {
		return
	}
	if s.program.Ended != nil && s.wire != nil {
		s.program.Ended()
	}
	s.wire = newWire(s, s.network)
	c, err := s.program.Start(ctx)
	if err != nil {
		panic(fmt.Sprintf("the program does not start: %v\n%s", err, strings.Join(s.log, "\n"))) // nothing can go on
	}
	s.client = c
	s.must("check what a crash left", c.Outbox().Check(ctx))
}

// stop ends the program for good.
func (s *Simulation) stop() {
	s.must("close", s.client.Close())
	if s.program.Ended != nil {
		s.program.Ended()
	}
	s.network.CloseIdleConnections()
}

// Do runs f as an act of the program that comes from outside, such as a function
// that its client calls. No crash comes meanwhile.
func (s *Simulation) Do(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// Calm says that no storm rages: nothing may go wrong now. For use in Do.
func (s *Simulation) Calm() bool { return s.calm }

// Crash ends the program wherever it is. It does nothing if that has ended.
func (s *Simulation) Crash() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client == nil || s.calm {
		return
	}
	s.meet(wasCrashed)
	s.Server.Crash(s.client)
	s.client = nil
}

// chooseEnd chooses how this life of the program ends, and what the clock does
// until the next one.
func (s *Simulation) chooseEnd() (end func(context.Context)) {
	jump := s.Rand.IntN(2) == 0
	orderly := s.Rand.IntN(2) == 0
	return func(ctx context.Context) {
		s.mu.Lock()
		c := s.client
		s.client = nil
		s.mu.Unlock()
		switch {
		case c == nil: // it crashed just now
		case orderly:
			s.meet(wasRestarted)
			s.must("close", c.Close())
		default:
			s.meet(wasKilled)
			s.Server.Crash(c)
		}
		if jump {
			s.setClockBetween()
		}
		s.live(ctx)
	}
}

// setClockBetween moves the clock between two lives.
func (s *Simulation) setClockBetween() {
	d := s.upTo(72 * time.Hour)
	name := wasForward
	if s.Rand.IntN(2) == 0 {
		d, name = -d, wasBack
	}
	s.meet(name)
	s.must("set the clock", setClock(s.Path, d))
}
