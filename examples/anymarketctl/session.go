package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/anymarket-go/sdk/anymarket/maintenance"
	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

// session is a way to hand operations over to the process that delivers: this
// one, or another that holds the file. Both are asked the same way.
type session struct {
	*admin.Client
	own   client // nil: another process delivers, or nobody
	file  *way   // nil unless it only looks
	end   context.CancelFunc
	watch sync.WaitGroup // on the window file
}

// connect opens the outbox to deliver, or finds the process that does.
func (d *delivery) connect(ctx context.Context, log *slog.Logger) (*session, error) {
	return whenFree(ctx, log, func() (*session, error) { return d.connectNow(ctx, log) })
}

func (d *delivery) connectNow(ctx context.Context, log *slog.Logger) (*session, error) {
	client, err := admin.Dial(ctx, d.outbox)
	switch {
	case err == nil:
		return &session{Client: client, end: func() {}}, nil
	case !errors.Is(err, admin.ErrNoSocket):
		return nil, err
	}
	return d.open(ctx, log)
}

// openAlone opens the outbox for this process to deliver, and fails if another
// one does already.
func (d *delivery) openAlone(ctx context.Context, log *slog.Logger) (*session, error) {
	return whenFree(ctx, log, func() (*session, error) {
		s, err := d.open(ctx, log)
		if locked := (*outbox.LockedError)(nil); !errors.As(err, &locked) {
			return s, err
		}
		other, dialled := admin.Dial(ctx, d.outbox)
		if dialled != nil {
			return nil, err // it may be about to end
		}
		return nil, errors.Join(fmt.Errorf("%s; it delivers already", err), other.Close()) //nolint:errorlint // it is not to be waited for
	})
}

// look opens the outbox, or finds the process that has it, to see how all stands.
func (d *delivery) look(ctx context.Context, log *slog.Logger) (*session, error) {
	w, err := reach(ctx, log, d.outbox, &d.keys)
	if err != nil {
		return nil, err
	}
	return &session{Client: w.Client, file: w, end: func() {}}, nil
}

// open opens the outbox for this process to deliver.
func (d *delivery) open(ctx context.Context, log *slog.Logger) (*session, error) {
	own, windows, err := d.start(ctx, log)
	if err != nil {
		return nil, err
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	s := &session{Client: admin.Local(own.AdminHandler()), own: own, end: end}
	if windows != nil {
		s.watch.Go(func() { watchWindows(life, windows, log) })
	}
	return s, nil
}

// Close gives the outbox back. If this process delivers, that ends.
func (s *session) Close() error {
	s.end()
	s.watch.Wait()
	err := s.Client.Close()
	if s.own != nil {
		err = errors.Join(err, s.own.Close())
	}
	if s.file != nil {
		err = errors.Join(err, s.file.Close())
	}
	return err
}

// watchWindows tells when the window file goes wrong: what it said before
// counts then, which its author should know.
func watchWindows(ctx context.Context, c *maintenance.Calendar, log *slog.Logger) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for was := ""; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		c.Upcoming(time.Now()) // looks at the file
		is := ""
		if err := c.Err(); err != nil {
			is = err.Error()
		}
		switch is {
		case was:
		case "":
			log.Info("the window file can be read again")
		default:
			log.Warn("the windows from before count", slog.String("error", is))
		}
		was = is
	}
}
