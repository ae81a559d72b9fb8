package anymarkettest

// Crash ends a client as the death of its process would: from here on it writes
// nothing to its file and sends nothing, a request on the wire is cut, and its
// connections are gone. When Crash returns all its goroutines have ended, the
// file is as it was, and another client can open it. It may be called while a
// request of the client is answered, see Fault.Do.
//
// [anymarket.Client] and [outbox.Outbox] can be crashed.
//
// [anymarket.Client]: https://pkg.go.dev/github.com/anymarket-go/sdk/anymarket#Client
// [outbox.Outbox]: https://pkg.go.dev/github.com/anymarket-go/sdk/outbox#Outbox
func (s *Server) Crash(client interface{ Abort() }) {
	client.Abort()
	// What was on the wire is cut by now. Whose the idle connections are is not
	// known; other clients dial again and notice nothing.
	s.mu.Lock()
	transports := s.transports
	s.mu.Unlock()
	for _, t := range transports {
		t.CloseIdleConnections()
	}
}
