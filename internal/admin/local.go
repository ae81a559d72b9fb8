package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// local makes requests of a handler in the same process.
type local struct{ handler http.Handler }

// RoundTrip runs the handler beside the reader of its answer. It has ended when
// the answer's body was read to its end or is closed.
func (l local) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	out, in := io.Pipe()
	w := &localWriter{header: http.Header{}, body: in, begun: make(chan struct{})}
	answer := &localBody{PipeReader: out, cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(answer.ended)
		defer cancel()
		w.end(serve(l.handler, w, r.WithContext(ctx)))
	}()
	<-w.begun // a handler that has nothing to say ends, which begins too
	if err := r.Context().Err(); err != nil {
		return nil, errors.Join(err, answer.Close())
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: answer, ContentLength: -1, Request: r,
	}, nil
}

// serve returns what the handler panicked with, as the server's connection
// would end by it.
func serve(h http.Handler, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: handler panicked: %v", io.ErrUnexpectedEOF, p)
		}
	}()
	h.ServeHTTP(w, r)
	return nil
}

type localWriter struct {
	header http.Header
	status int
	body   *io.PipeWriter
	begun  chan struct{}
	once   sync.Once
}

func (w *localWriter) Header() http.Header { return w.header }

func (w *localWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status = status
		close(w.begun)
	})
}

func (w *localWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

func (w *localWriter) end(err error) {
	w.WriteHeader(http.StatusOK)
	_ = w.body.CloseWithError(err) // never fails; nil is the end of the body
}

// localBody is the answer's body.
type localBody struct {
	*io.PipeReader

	cancel context.CancelFunc
	ended  chan struct{}
}

// Close makes the handler end and waits for it.
func (b *localBody) Close() error {
	b.cancel()
	err := b.PipeReader.Close()
	<-b.ended
	return err
}
