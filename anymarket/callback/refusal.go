package callback

import (
	"maps"
	"net/http"
	"sync"
)

// Refusal is why a request was not taken.
type Refusal string

// The refusals. Before the body is read nothing but the path, the method and the
// announced size are looked at.
const (
	// WrongSecret: the path does not end in a secret. 404.
	WrongSecret Refusal = "wrong secret"
	// WrongMethod: it is no POST. 405.
	WrongMethod Refusal = "wrong method"
	// TooMany: Config.MaxRate is reached. 429.
	TooMany Refusal = "too many"
	// TooLarge: the body is larger than Config.MaxBody. 413.
	TooLarge Refusal = "too large"
	// Slow: the body took longer than Config.BodyTimeout. 408.
	Slow Refusal = "slow"
	// Malformed: the body is cut, is not JSON or lacks type or content.id. 400.
	Malformed Refusal = "malformed"
	// WrongAccount: content.oi is none of Config.Accounts. 403.
	WrongAccount Refusal = "wrong account"
	// NotStored: the disk is full, a commit failed, or the receiver is closed.
	// 503, so that it comes again.
	NotStored Refusal = "not stored"
)

// Status is what such a request is answered.
func (f Refusal) Status() int {
	switch f {
	case WrongSecret:
		return http.StatusNotFound
	case WrongMethod:
		return http.StatusMethodNotAllowed
	case TooMany:
		return http.StatusTooManyRequests
	case TooLarge:
		return http.StatusRequestEntityTooLarge
	case Slow:
		return http.StatusRequestTimeout
	case Malformed:
		return http.StatusBadRequest
	case WrongAccount:
		return http.StatusForbidden
	default:
		return http.StatusServiceUnavailable
	}
}

// Stats are what a receiver did since it was opened. What waits, and the dead
// letters, are in the statistics of [Receiver.Inbox].
type Stats struct {
	// Taken were answered 200; Unknown are those of them of a type that this
	// package does not know.
	Taken, Unknown uint64
	// Stored came by [Receiver.Store], from a [Sweeper] for instance.
	Stored uint64
	// Merged are those that gave way to a newer one of their resource, repeats
	// and replays among them.
	Merged uint64
	// Refused are the others.
	Refused map[Refusal]uint64
}

// counts is guarded by its mutex.
type counts struct {
	mu                     sync.Mutex
	taken, unknown, stored uint64
	refused                map[Refusal]uint64
}

func (c *counts) take(known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.taken++
	if !known {
		c.unknown++
	}
}

func (c *counts) store() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stored++
}

func (c *counts) refuse(why Refusal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refused == nil {
		c.refused = map[Refusal]uint64{}
	}
	c.refused[why]++
}

func (c *counts) stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Stats{Taken: c.taken, Unknown: c.unknown, Stored: c.stored, Refused: maps.Clone(c.refused)}
	if s.Refused == nil {
		s.Refused = map[Refusal]uint64{}
	}
	return s
}
