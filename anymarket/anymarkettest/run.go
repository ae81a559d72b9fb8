package anymarkettest

import (
	"testing"
	"testing/synctest"
)

// Run tests f against a fake in virtual time: in a [synctest] bubble, where
// hours take milliseconds, with the zero Options. When f returns the fake is
// closed; a goroutine that outlives that fails the test.
func Run(t *testing.T, f func(t *testing.T, s *Server)) {
	t.Helper()
	RunWith(t, Options{}, f)
}

// RunWith is Run with Options.
func RunWith(t *testing.T, o Options, f func(t *testing.T, s *Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		s := New(o)
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Errorf("close the fake: %v", err)
			}
		})
		f(t, s)
	})
}
