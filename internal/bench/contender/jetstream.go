package contender

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// jetStream is a server in this process, reached without a socket.
type jetStream struct {
	server  *server.Server
	conn    *nats.Conn
	streams jetstream.JetStream
}

func openJetStream(ctx context.Context, dir string) (Contender, error) {
	s, err := server.NewServer(&server.Options{JetStream: true, StoreDir: dir, SyncAlways: true, DontListen: true, NoLog: true, NoSigs: true})
	if err != nil {
		return nil, err
	}
	q := &jetStream{server: s}
	s.Start()
	if !s.ReadyForConnections(30 * time.Second) {
		return nil, errors.Join(errors.New("the NATS server did not start"), q.Close())
	}
	if q.conn, err = nats.Connect("", nats.InProcessServer(s)); err != nil {
		return nil, errors.Join(err, q.Close())
	}
	if q.streams, err = jetstream.New(q.conn); err == nil {
		_, err = q.streams.CreateStream(ctx, jetstream.StreamConfig{Name: "ENTRIES", Subjects: []string{"entries"}, Storage: jetstream.FileStorage})
	}
	if err != nil {
		return nil, errors.Join(err, q.Close())
	}
	return q, nil
}

func (q *jetStream) Accept(value []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := q.streams.Publish(ctx, "entries", value)
	return err
}

func (q *jetStream) Close() error {
	if q.conn != nil {
		q.conn.Close()
	}
	q.server.Shutdown()
	q.server.WaitForShutdown()
	return nil
}
