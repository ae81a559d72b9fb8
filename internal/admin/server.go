package admin

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server serves a handler on a socket.
type Server struct {
	http    *http.Server
	end     context.CancelFunc // of all requests
	serving sync.WaitGroup
	conns   sync.WaitGroup
	once    sync.Once
	err     error
}

// Open serves h on the socket beside an outbox until the server is closed. The
// logger may be nil.
func Open(outboxPath string, h http.Handler, logger *slog.Logger) (*Server, error) {
	l, err := Listen(outboxPath)
	if err != nil {
		return nil, err
	}
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return Serve(l, h, logger), nil
}

// Serve serves h on l until the server is closed.
func Serve(l net.Listener, h http.Handler, logger *slog.Logger) *Server {
	life, end := context.WithCancel(context.Background())
	s := &Server{end: end}
	s.http = &http.Server{
		Handler: h, BaseContext: func(net.Listener) context.Context { return life },
		// No ReadTimeout: it would end requests that take longer to answer.
		ReadHeaderTimeout: 10 * time.Second, IdleTimeout: idleTimeout, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				s.conns.Add(1)
			case http.StateClosed, http.StateHijacked:
				s.conns.Done()
			default:
			}
		},
	}
	s.serving.Go(func() {
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			logger.LogAttrs(life, slog.LevelWarn, "admin socket", slog.String("error", err.Error()))
		}
	})
	return s
}

// Close takes no more requests, ends those that are under way, answers what can
// be answered, removes the socket, and returns when every goroutine has ended. It
// is safe to call again.
func (s *Server) Close() error {
	s.once.Do(func() {
		s.end()
		const grace = time.Second // for answers on their way to a slow reader
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		s.err = s.http.Shutdown(ctx)
		if errors.Is(s.err, context.DeadlineExceeded) {
			s.err = s.http.Close()
		}
		s.serving.Wait()
		s.conns.Wait()
	})
	return s.err
}
