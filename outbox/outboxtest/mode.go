package outboxtest

import (
	"fmt"

	"github.com/anymarket-go/sdk/outbox"
)

// Mode is how a [Host] answers.
type Mode uint8

// The modes. Only Up applies what it is sent, unless a [Reply] says more.
const (
	// Up: it does what it is asked for. The zero Mode.
	Up Mode = iota
	// Refused: no connection, so not a byte is sent.
	Refused
	// Reset: the connection breaks after the request was sent.
	Reset
	// Hang: no answer until the client gives up, see [Host.Timeout].
	Hang
	// Busy: 503.
	Busy
	// HTML: a page of the maintenance kind with status 200, where JSON belongs.
	HTML
	// BadGateway: 502 of a gateway before it.
	BadGateway
	// Broken: 500 in the shape of the API, so the application itself answers.
	Broken
	// Bad: 400 in the shape of the API.
	Bad
	// Limited: 429.
	Limited
	// Denied: 401.
	Denied
)

func (m Mode) String() string {
	names := [...]string{"up", "refused", "reset", "hang", "503", "html", "502", "500", "400", "429", "401"}
	if int(m) >= len(names) {
		return fmt.Sprintf("mode %d", uint8(m))
	}
	return names[m]
}

// verdict is what the answer of a mode proves of a write of that class. Class
// zero is a read: no outcome of a read is unknown.
func (m Mode) verdict(class outbox.Class) outbox.Verdict {
	switch m {
	case Up:
		return outbox.Delivered
	case Refused:
		return outbox.Unavailable
	case Busy, HTML, BadGateway:
		if class == outbox.Once || class == outbox.Step {
			return outbox.Unknown
		}
		return outbox.Unavailable
	case Reset, Hang:
		if class == 0 {
			return outbox.Unavailable
		}
		return outbox.Unknown
	case Broken:
		if class == outbox.Once {
			return outbox.Unknown
		}
		return outbox.Failed
	case Bad:
		return outbox.Rejected
	case Limited:
		return outbox.Throttled
	case Denied:
		return outbox.Unauthorized
	default:
		return outbox.Unknown
	}
}
