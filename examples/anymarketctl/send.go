package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

func sendCommand() *cobra.Command {
	d := new(delivery)
	c := &cobra.Command{
		Use:   "send --outbox FILE --base-url URL",
		Short: "Accept operations from the input, and deliver them",
		Long: `Accept operations, one JSON object a line of the input, and deliver them.
For each there is one line of output, in order, once it is on disk:
{"n":1,"id":"..."}, or {"n":1,"error":"..."} if it was not accepted.

If another process holds the outbox, the operations are handed over to it. At
the end of the input delivery goes on for at most --drain; what is left then
waits in the outbox for the next send or run.

With --app-id the operations are those of a marketplace, sale.notify and
sale.mark; without it those of an ERP or a shop: stock.set, price.set,
order.create and order.status.`,
		Example: `  echo '{"op":"stock.set","partnerId":"SKU-1","quantity":"7"}' |
    anymarketctl send --outbox anymarket.db --base-url https://api.anymarket.com.br/v2
  echo '{"op":"sale.mark","account":"seller-42","marketPlaceId":"S-1","status":"PAID"}' |
    anymarketctl send --outbox sales.db --app-id shop --tokens sellers.json \
      --base-url https://api.anymarket.com.br/marketplace/api`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := d.check(c); err != nil {
				return err
			}
			return send(c, d)
		},
	}
	d.bind(c)
	c.Flags().DurationVar(&d.drain, "drain", 30*time.Second, "how long delivery goes on at the end of the input")
	return c
}

// Waits of send.
const (
	lastMoment   = 10 * time.Second       // for an answer, after an interruption
	pollInterval = 100 * time.Millisecond // between looks at another process
)

// sender is one run of send.
type sender struct {
	delivery *delivery
	log      *slog.Logger
	session  *session
	out      *bufio.Writer

	accepted idRuns
	// Lines by what became of them; unstored is neither accepted nor refused.
	stored, duplicates, refused, unstored int
}

func send(c *cobra.Command, d *delivery) (err error) {
	ctx := c.Context()
	s := &sender{delivery: d, log: newLogger(c), out: bufio.NewWriter(c.OutOrStdout())}
	if s.session, err = d.connect(ctx, s.log); err != nil {
		return err
	}
	defer func() {
		if s.session != nil {
			err = errors.Join(err, s.session.Close())
		}
	}()

	lines, readErr := make(chan line, maxGroup), make(chan error, 1)
	reading, stop := context.WithCancel(ctx)
	defer stop()
	go func() { // if it is interrupted in a read it ends with the process
		readErr <- readLines(reading, c.InOrStdin(), lines)
		close(lines)
	}()
	for {
		group := nextGroup(ctx, lines)
		if len(group) == 0 {
			break
		}
		if err := s.hand(ctx, group); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		err = errors.New("interrupted before the end of the input")
	} else {
		err = <-readErr
	}
	end, statusErr := s.finish(ctx)
	if statusErr != nil {
		return errors.Join(err, statusErr)
	}
	if printErr := end.print(c); printErr != nil {
		return errors.Join(err, printErr)
	}
	if err != nil {
		return err
	}
	return end.verdict()
}

// hand answers the lines of a group, in order.
func (s *sender) hand(ctx context.Context, group []line) error {
	for len(group) > 0 {
		n := 0
		for n < len(group) && group[n].bad == nil {
			n++
		}
		if n == 0 {
			refusal := &admin.Error{Code: admin.CodeTooLarge, Message: group[0].bad.Error()}
			s.answer(group[0], admin.NotAccepted(refusal))
			n = 1
		} else if err := s.handGood(ctx, group[:n]); err != nil {
			return errors.Join(err, s.out.Flush())
		}
		group = group[n:]
	}
	return s.flush()
}

// handGood hands lines over. A process that ends meanwhile has a successor:
// whoever holds the file then, or this process. Only what certainly was not
// stored is handed over again.
func (s *sender) handGood(ctx context.Context, group []line) error {
	for len(group) > 0 {
		done, err := s.handOnce(ctx, group)
		for i, a := range done {
			s.answer(group[i], a)
		}
		group = group[len(done):]
		if err == nil {
			continue
		}
		var refusal *admin.Error
		switch {
		case notHandedOver(err):
		case errors.As(err, &refusal):
			return err // of the group as a whole
		default:
			for _, l := range group {
				s.answer(l, admin.NotAccepted(&admin.Error{Code: admin.CodeUnknown, Message: "whether it is stored is not known: " + err.Error()}))
			}
			group = nil
		}
		if err := s.flush(); err != nil {
			return err
		}
		if err := s.reconnect(ctx, err); err != nil {
			return err
		}
	}
	return nil
}

// handOnce hands lines over and returns what became of the first ones. Those
// that a closing outbox did not take are left to its successor.
func (s *sender) handOnce(ctx context.Context, group []line) ([]admin.Accepted, error) {
	texts := make([][]byte, len(group))
	for i, l := range group {
		texts[i] = l.text
	}
	ctx, cancel := lingering(ctx)
	defer cancel()
	accept := s.session.Accept
	if s.delivery.strict {
		accept = s.session.AcceptStrict
	}
	done, err := accept(ctx, texts)
	for i, a := range done {
		if s.session.own == nil && a.Code == admin.CodeClosed {
			return done[:i], outbox.ErrClosed
		}
	}
	return done, err
}

func notHandedOver(err error) bool {
	return errors.Is(err, admin.ErrNoSocket) || errors.Is(err, outbox.ErrClosed)
}

// reconnect finds the successor of the process that was gone through.
func (s *sender) reconnect(ctx context.Context, because error) error {
	if s.session.own != nil {
		return because // nobody else ends this process's outbox
	}
	s.log.Warn("the process that holds the outbox is gone", slog.String("error", because.Error()))
	err := s.session.Close() //nolint:contextcheck // what is closed must be, whatever ctx says
	s.session = nil
	if err != nil {
		return err
	}
	s.session, err = s.delivery.connect(ctx, s.log)
	if errors.Is(err, errNoToken) { // nothing is wrong with the command line
		err = &exit.Error{Code: exit.Failed, Err: fmt.Errorf("the process that delivered is gone, and this one cannot take its place: %w", err)}
	}
	return err
}

// receipt is a line of the output.
type receipt struct {
	N int `json:"n"`
	admin.Accepted
}

// answer writes the line for a line; flush sends it.
func (s *sender) answer(l line, a admin.Accepted) {
	switch {
	case a.Error == "":
		s.stored++
		if a.Duplicate {
			s.duplicates++
		} else {
			s.accepted.add(a.ID)
		}
	case a.Refused():
		s.refused++
	default:
		s.unstored++
	}
	b, err := json.Marshal(receipt{l.n, a})
	if err != nil { // there is nothing in it that could not be written
		b = fmt.Appendf(nil, `{"n":%d,"error":"receipt: the answer cannot be written"}`, l.n)
	}
	_, _ = s.out.Write(append(b, '\n')) // flush tells
}

func (s *sender) flush() error {
	if err := s.out.Flush(); err != nil {
		return fmt.Errorf("write receipts: %w", err)
	}
	return nil
}

// lingering is ctx, but lasts for a moment more after an interruption, so that
// what was begun gets its answer.
func lingering(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(lastMoment)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-longer.Done():
		}
	})
	return longer, func() {
		stop()
		cancel()
	}
}
