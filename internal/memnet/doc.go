// Package memnet is a network in memory, for tests in which time is fake.
//
// A read on a real socket stops the clock of a [testing/synctest] bubble; one
// on a connection of this package does not. So an HTTP server and its clients
// run in a bubble, where hours take milliseconds:
//
//	n := memnet.New()
//	defer n.Close()
//	l, err := n.Listen("api.test:80")
//	...
//	go server.Serve(l)
//	client := &http.Client{Transport: &http.Transport{DialContext: n.DialContext}}
//	client.Get("http://api.test/")
//
// Addresses are names; nothing is resolved. Connections are buffered in both
// directions, take deadlines, and end like those of TCP: by EOF when the other
// side closed, by [syscall.ECONNRESET] when it was reset. A [Fault] makes an
// address sick: it refuses, hangs, carries no bytes, or cuts connections after
// so many bytes.
//
// It starts no goroutine. [Network.Close] ends all that blocks in it.
package memnet
