package callback

import (
	"context"
	"errors"
	"fmt"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/verdict"
	"github.com/anymarket-go/sdk/outbox"
)

// ErrRejected makes a notification a dead letter at once: an error of
// Config.Handle that wraps it says that trying again would change nothing. One
// that others were merged into is handed over once more by itself before.
var ErrRejected = errors.New("notification rejected")

// Kinds are what an inbox stores, for a program that opens one to look at it and
// to operate it. They hand nothing over.
func Kinds() []outbox.Kind {
	unsent := outbox.Result{Verdict: outbox.Unavailable, Reason: "the inbox was opened without handing over"}
	return kinds(func(context.Context, []outbox.Lease) outbox.Answer { return outbox.Answer{Result: unsent} })
}

func kinds(deliver func(context.Context, []outbox.Lease) outbox.Answer) []outbox.Kind {
	return []outbox.Kind{{
		Name: kind, Class: outbox.Absolute, Host: "handler", Deliver: deliver,
		Merge: func(older, newer []byte) ([]byte, error) { return merge(older, newer), nil },
	}}
}

// deliver is for [outbox.Kind]: one call of the program's function.
func (r *Receiver) deliver(ctx context.Context, batch []outbox.Lease) outbox.Answer {
	n, err := notification(batch[0])
	if err != nil {
		return verdict.Unreadable(err)
	}
	if err = r.holds.wait(ctx, resource{n.Account, key(n.Type, n.ID)}); err == nil {
		err = r.handle(ctx, n)
	}
	result := outbox.Result{Verdict: verdictOf(err)}
	if err != nil {
		result.Reason = verdict.Short(err.Error())
	}
	if ctx.Err() != nil && err != nil {
		result.Verdict = outbox.Unavailable // we are stopping, which is nobody's fault
		return outbox.Answer{Result: result}
	}
	// What the gate is told is that the function was there: Delivered, or Rejected,
	// which counts as little against the host and is no sign that it does its work.
	// So no failure of the function ever closes the gate of the inbox.
	call := outbox.Result{Verdict: outbox.Delivered}
	if err != nil {
		call.Verdict = outbox.Rejected
	}
	return outbox.Answer{Result: call, Items: []outbox.Result{result}}
}

// handle makes a panic of the program's function an error, without what it said,
// since that may be anything.
func (r *Receiver) handle(ctx context.Context, n Notification) (err error) {
	ctx, cancel := context.WithTimeout(ctx, r.config.HandleTimeout)
	defer cancel()
	defer func() {
		switch p := recover(); {
		case p != nil:
			err = fmt.Errorf("panic: %T", p)
			r.config.Logger.Error("the function for notifications panicked", typeAttr(n.Type), idAttr(n.ID), errAttr(err))
		case errors.Is(err, context.DeadlineExceeded) && errors.Is(ctx.Err(), context.DeadlineExceeded):
			err = fmt.Errorf("not done within %s: %w", r.config.HandleTimeout, err)
		}
	}()
	return r.config.Handle(ctx, n)
}

// verdictOf says whose fault an error of the program's function was. That
// ANYMARKET is not there, or does not take the account's token, is not the
// notification's.
func verdictOf(err error) outbox.Verdict {
	var (
		closed    *outbox.ClosedError
		token     *api.TokenError
		transport *api.TransportError
		answer    *api.Error
	)
	switch {
	case err == nil:
		return outbox.Delivered
	case errors.Is(err, ErrRejected):
		return outbox.Rejected
	case errors.As(err, &closed), errors.As(err, &token), errors.As(err, &transport):
		return outbox.Unavailable
	case errors.As(err, &answer) && !ofItself(answer):
		return outbox.Unavailable
	default:
		return outbox.Failed
	}
}

// ofItself says whether an answer is about the resource and not about the host
// or the account.
func ofItself(answer *api.Error) bool {
	switch verdict.OfRead(answer).Verdict {
	case outbox.Throttled, outbox.Unauthorized:
		return false
	case outbox.Unavailable:
		return answer.Status == 500 && answer.Shape.FromAPI()
	default:
		return true
	}
}
