package contender

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"path/filepath"
	"time"

	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"
	"github.com/mikestefanello/backlite"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"maragu.dev/goqite"
)

// openSQLite opens a database as its queues advise, but so that a commit is on
// disk when it returns. One connection is the fastest for writers.
func openSQLite(dir string) (*sql.DB, error) {
	db, err := sql.Open("sqlite3", filepath.Join(dir, "queue.db")+"?_journal=WAL&_sync=FULL&_timeout=5000&_fk=true")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

//go:embed goqite.sql
var goqiteSchema string

// goqiteQueue is used as its page shows, with its schema as published.
type goqiteQueue struct {
	*sql.DB

	queue *goqite.Queue
}

func openGoqite(ctx context.Context, dir string) (Contender, error) {
	db, err := openSQLite(dir)
	if err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, goqiteSchema); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return goqiteQueue{db, goqite.New(goqite.NewOpts{DB: db, Name: "entries"})}, nil
}

func (q goqiteQueue) Accept(value []byte) error {
	return q.queue.Send(context.Background(), goqite.Message{Body: value})
}

// text is a value as JSON has to carry it: a string of its length.
func text(value []byte) string {
	return base64.RawStdEncoding.EncodeToString(value)[:len(value)]
}

type backliteTask struct{ Value string }

func (backliteTask) Config() backlite.QueueConfig {
	return backlite.QueueConfig{Name: "entries", MaxAttempts: 1, Timeout: time.Minute}
}

type backliteQueue struct {
	*sql.DB

	client *backlite.Client
}

func openBacklite(_ context.Context, dir string) (Contender, error) {
	db, err := openSQLite(dir)
	if err != nil {
		return nil, err
	}
	client, err := backlite.NewClient(backlite.ClientConfig{DB: db, NumWorkers: 1, ReleaseAfter: time.Hour})
	if err == nil {
		err = client.Install()
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	client.Register(backlite.NewQueue(func(context.Context, backliteTask) error { return nil }))
	return backliteQueue{db, client}, nil
}

func (q backliteQueue) Accept(value []byte) error {
	_, err := q.client.Add(backliteTask{Value: text(value)}).Save()
	return err
}

type riverArgs struct {
	Value json.RawMessage `json:"value"`
}

func (riverArgs) Kind() string { return "entry" }

// riverQueue only inserts, as a client without workers does.
type riverQueue struct {
	*sql.DB

	client *river.Client[*sql.Tx]
}

func openRiver(ctx context.Context, dir string) (Contender, error) {
	db, err := openSQLite(dir)
	if err != nil {
		return nil, err
	}
	driver := riversqlite.New(db)
	migrator, err := rivermigrate.New(driver, nil)
	if err == nil {
		_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	client, err := river.NewClient(driver, &river.Config{})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return riverQueue{db, client}, nil
}

func (q riverQueue) Accept(value []byte) error {
	_, err := q.client.Insert(context.Background(), riverArgs{Value: json.RawMessage(`"` + text(value) + `"`)}, nil)
	return err
}
