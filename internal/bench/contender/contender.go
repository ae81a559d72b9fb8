package contender

import (
	"context"
	"fmt"
)

// Contender accepts values.
type Contender interface {
	// Accept returns when the value is durable. It is called by many producers
	// at once.
	Accept(value []byte) error
	Close() error
}

// Entrant is a contender that can be opened.
type Entrant struct {
	Name string
	// Module is whose version tells what was measured; empty for what is written
	// here with the standard library.
	Module string
	// Packaged: it is a queue that programs use as it is.
	Packaged bool
	// Grouped: producers that accept at once share a sync.
	Grouped bool
	// Syncs says what an accept syncs.
	Syncs string
	// Open makes it anew in an empty directory.
	Open func(ctx context.Context, dir string) (Contender, error)
}

// Names of those that others are compared with.
const (
	Outbox   = "outbox"
	Bare     = "bbolt, bare group commit"
	RawGroup = "raw log, group commit"
)

// Entrants returns all of them, in the order of the tables.
func Entrants() []Entrant {
	return []Entrant{
		{
			Name: Outbox, Module: "github.com/anymarket-go/sdk", Packaged: true, Grouped: true, Open: openOutbox,
			Syncs: "pages, then meta page of one bbolt commit for all that wait",
		},
		{
			Name: Bare, Module: "go.etcd.io/bbolt", Grouped: true, Open: openBare,
			Syncs: "the same; one bucket, growing keys, no index, no history",
		},
		{
			Name: "raw log, append + fdatasync", Open: openRawSingle,
			Syncs: "the log, for each accept",
		},
		{
			Name: RawGroup, Grouped: true, Open: openRawGroup,
			Syncs: "the log, once for all that wait",
		},
		{
			Name: "bbolt Update", Module: "go.etcd.io/bbolt", Open: openUpdate,
			Syncs: "pages, then meta page, for each accept",
		},
		{
			Name: "bbolt Batch", Module: "go.etcd.io/bbolt", Grouped: true, Open: openBatch,
			Syncs: "pages, then meta page, for those of 10 ms",
		},
		{
			Name: "goqite", Module: "maragu.dev/goqite", Packaged: true, Open: openGoqite,
			Syncs: "SQLite's WAL with synchronous=FULL, for each accept",
		},
		{
			Name: "backlite", Module: "github.com/mikestefanello/backlite", Packaged: true, Open: openBacklite,
			Syncs: "SQLite's WAL with synchronous=FULL, for each accept",
		},
		{
			Name: "River on SQLite", Module: "github.com/riverqueue/river", Packaged: true, Open: openRiver,
			Syncs: "SQLite's WAL with synchronous=FULL, for each accept",
		},
		{
			Name: "OpenTelemetry persistent queue", Module: "go.opentelemetry.io/collector/exporter/exporterhelper", Packaged: true, Open: openTelemetry,
			Syncs: "with fsync on: pages, then meta page of bbolt, for each accept",
		},
		{
			Name: "NATS JetStream", Module: "github.com/nats-io/nats-server/v2", Packaged: true, Open: openJetStream,
			Syncs: "with sync always: the stream's file, for each accept",
		},
	}
}

// ByName returns the entrant of a name.
func ByName(name string) (Entrant, error) {
	for _, e := range Entrants() {
		if e.Name == name {
			return e, nil
		}
	}
	return Entrant{}, fmt.Errorf("no entrant is called %q", name)
}
