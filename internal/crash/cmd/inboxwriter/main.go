// Command inboxwriter does with an inbox of notifications, package callback, all
// that can be done with one, and says what it promises. README.md beside go.mod has
// the protocol; the words are in package content.
package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/anymarket-go/sdk/anymarket/callback"
	"github.com/anymarket-go/sdk/outbox"

	"github.com/anymarket-go/sdk/internal/crash/content"
	"github.com/anymarket-go/sdk/internal/crash/life"
)

func main() { life.Main("inboxwriter", run) }

// writer is what the parts of this command share.
type writer struct {
	*life.Life
	handler  *handler
	receiver *callback.Receiver // changes while nobody produces
}

func run(c life.Config) error {
	w := &writer{Life: life.New(c)}
	w.handler = newHandler(w.Number.Load())
	var produce []func(int) error
	for i := range c.Producers {
		produce = append(produce, (&producer{writer: w, rng: rand.New(rand.NewPCG(c.Seed, uint64(i)+2))}).produce)
	}
	return w.Run(life.Writer{Open: w.open, Line: line, Produce: produce, Operate: w.operate})
}

func (w *writer) open() (life.Store, *outbox.Outbox, error) {
	life.Say("%s now\n", content.SaidOpening)
	r, err := callback.Open(content.Inbox(w.Dir, w.handler.handle, w.Observe, w.Rng.IntN(2)))
	if err != nil {
		return nil, nil, err
	}
	w.receiver = r
	return r, r.Inbox(), nil
}

// line is what is said of an event.
func line(e outbox.Event) string {
	switch word := content.WordOf(e.Type); {
	case e.Type == outbox.EventConfirmed:
		return fmt.Sprintf("%s %s %s\n", content.SaidConfirmed, e.ID, content.Resource(e.Entry.Entry))
	case e.Type == outbox.EventDelivered:
		m, err := content.StoredMerged(e.Entry.Body)
		if err != nil {
			life.Fatal("%s was handled: %v", e.ID, err)
		}
		return fmt.Sprintf("%s %s %s %s\n", content.SaidHandled, e.ID, content.Resource(e.Entry.Entry), m)
	case word == "":
		return ""
	default:
		return fmt.Sprintf("%s %s\n", word, e.ID)
	}
}
