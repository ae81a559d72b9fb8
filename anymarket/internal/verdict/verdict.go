package verdict

import (
	"errors"
	"net/http"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

// Read is the class of calls that change nothing. They are no entries.
const Read outbox.Class = 0

// Of says what one call proved: the table of docs/design.md by answer
// and class. err is what a method of package api returned.
//
// A read that was answered with an error of its own is Rejected: the host is
// there, and the error is the caller's to handle.
func Of(class outbox.Class, err error) outbox.Answer {
	out := api.Classify(err)
	a := outbox.Answer{RetryAfter: out.RetryAfter}
	a.Verdict = verdictOf(class, out)
	if err != nil {
		a.Reason = err.Error() // package api keeps secrets out of it
	}
	return a
}

// verdictOf is the table itself, row by row; the first that fits counts.
func verdictOf(class outbox.Class, out api.Outcome) outbox.Verdict {
	switch {
	case out.OK:
		return outbox.Delivered
	case out.Refused && out.Stopped:
		return outbox.Unavailable // we are stopping, while a token was waited for
	case out.Refused:
		return outbox.Rejected
	case !out.Sent:
		return outbox.Unavailable
	case out.Status == 0, out.Timeout, out.Stopped, out.Status == http.StatusGatewayTimeout:
		// It was sent, and nobody knows what became of it.
		if class == Read {
			return outbox.Unavailable
		}
		return outbox.Unknown
	case out.Status == http.StatusTooManyRequests:
		return outbox.Throttled
	case out.Status == http.StatusUnauthorized, out.Status == http.StatusForbidden && out.Shape.FromAPI():
		return outbox.Unauthorized
	case out.Status == http.StatusRequestEntityTooLarge:
		return outbox.Rejected // the outbox splits a batch that is refused
	case refusal(out):
		return outbox.Rejected
	default:
		// An answer of what stands before ANYMARKET, or of a sick ANYMARKET. A
		// value can just go again; the rest may have taken effect.
		if class == Read || class == outbox.Absolute {
			return outbox.Unavailable
		}
		return outbox.Unknown
	}
}

// refusal says whether ANYMARKET itself refused the request for good.
func refusal(out api.Outcome) bool {
	switch out.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly:
		return false
	default:
		return out.Status >= 400 && out.Status <= 499 && out.Shape.FromAPI()
	}
}

// OfEntry is Of for entries. Without a token nothing was sent, and
// the account is at fault, not the entry and not the host: the account is
// suspended until the token source has a usable one.
func OfEntry(class outbox.Class, err error) outbox.Answer {
	a := Of(class, err)
	if a.Verdict == outbox.Rejected && errors.As(err, new(*api.TokenError)) {
		a.Verdict = outbox.Unauthorized
	}
	return a
}

// OfCanary is Of for canaries. Without a token nothing was sent, so
// that nothing is known of the host: no sign of life.
func OfCanary(err error) outbox.Answer {
	a := Of(Read, err)
	if a.Verdict == outbox.Rejected && api.Classify(err).Refused {
		a.Verdict = outbox.Unavailable
	}
	return a
}

// OfStep is OfEntry for a step. That an order is not found so soon
// after its creation is no refusal: look-ups lag.
func OfStep(err error, creation *outbox.Creation, now time.Time, lag time.Duration) outbox.Answer {
	a := OfEntry(outbox.Step, err)
	if a.Verdict == outbox.Rejected && api.Classify(err).Status == http.StatusNotFound &&
		creation != nil && now.Sub(creation.DeliveredAt) <= lag {
		a.Verdict = outbox.Failed
	}
	return a
}

// OfRead is Of for reads of the caller. A request that was not sent
// says nothing of the host, an answer to another question that it is there.
func OfRead(err error) outbox.Answer {
	a := OfEntry(Read, err)
	switch {
	case errors.Is(err, api.ErrFilterIgnored):
		a.Verdict = outbox.Delivered
	case a.Verdict == outbox.Rejected && api.Classify(err).Refused:
		a.Verdict = outbox.Failed
	}
	return a
}

// OfLookUp is OfRead for look-ups that decide on an entry, whose
// verdict is Delivered only if they proved something. A gate that closed in
// between, or a list that is too long, says nothing of the host.
func OfLookUp(err error) outbox.Answer {
	a := OfRead(err)
	var closed *outbox.ClosedError
	if errors.As(err, &closed) || errors.Is(err, api.ErrTooManyPages) || errors.Is(err, api.ErrPageRepeated) {
		a.Verdict = outbox.Failed
	}
	if err != nil && (a.Verdict == outbox.Delivered || a.Verdict == outbox.Rejected) {
		a.Verdict = outbox.Failed
	}
	return a
}
