package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"

	"github.com/anymarket-go/sdk/outbox"

	"github.com/anymarket-go/sdk/internal/crash/content"
	"github.com/anymarket-go/sdk/internal/crash/life"
)

// writer is what the parts of this command share.
type writer struct {
	*life.Life
	remote *remote
	erased map[string]bool // lanes; written while nobody produces
}

func run(c life.Config) error {
	w := &writer{Life: life.New(c), remote: newRemote(), erased: map[string]bool{}}
	var produce []func(int) error
	for i := range c.Producers {
		produce = append(produce, (&producer{writer: w, rng: rand.New(rand.NewPCG(c.Seed, uint64(i)+2))}).produce)
	}
	return w.Run(life.Writer{Open: w.open, Line: line, Produce: produce, Mark: w.mark, Operate: w.operate})
}

func (w *writer) open() (life.Store, *outbox.Outbox, error) {
	box, err := outbox.Open(filepath.Join(w.Dir, "db"), content.Options(content.Other{
		Answer: w.remote.answer, Resolve: w.remote.resolve, Observe: w.Observe,
	}, w.Rng.IntN(2)))
	return box, box, err
}

// line is what is said of an event.
func line(e outbox.Event) string {
	switch word := content.WordOf(e.Type); {
	case word == "":
		return ""
	case e.Type == outbox.EventEdited:
		return fmt.Sprintf("%s %s %s\n", word, e.ID, e.By)
	default:
		return fmt.Sprintf("%s %s\n", word, e.ID)
	}
}

// mark sets the bookmark.
func (w *writer) mark() error {
	n := w.Number.Add(1)
	life.Say("%s %d\n", content.SaidMarking, n)
	err := w.Box.SetBookmark(context.Background(), content.Bookmark, fmt.Append(nil, n))
	if err == nil {
		life.Say("%s %d\n", content.SaidMark, n)
	}
	return err
}
