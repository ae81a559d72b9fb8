package verdict

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

// Every row of the table, by class: read, absolute, once, step.
func TestVerdictOfEveryAnswerAndClass(t *testing.T) {
	t.Parallel()
	const (
		ok   = outbox.Delivered
		rej  = outbox.Rejected
		una  = outbox.Unavailable
		unk  = outbox.Unknown
		thr  = outbox.Throttled
		auth = outbox.Unauthorized
	)
	type want [4]outbox.Verdict
	all := func(v outbox.Verdict) want { return want{v, v, v, v} }
	gateway, silence := want{una, una, unk, unk}, want{una, unk, unk, unk}
	answer := func(status int, shape api.Shape) error { return &api.Error{Status: status, Shape: shape} }
	type row struct {
		name string
		err  error
		want want
	}
	rows := []row{
		{"success", nil, all(ok)},
		{"not sent", &api.TransportError{Err: errors.New("refused")}, all(una)},
		{"not sent, timeout", &api.TransportError{Err: errors.New("dial"), Timeout: true}, all(una)},
		{"reset after sending", &api.TransportError{Sent: true, Err: errors.New("reset")}, silence},
		{"timeout after sending", &api.TransportError{Sent: true, Timeout: true, Err: errors.New("timeout")}, silence},
		{"stopped after sending", &api.TransportError{Sent: true, Stopped: true, Err: context.Canceled}, silence},
		{"time ran out in the body", &api.Error{Status: 200, Shape: api.ShapeCut, Err: context.DeadlineExceeded}, silence},
		{"504 empty", answer(504, api.ShapeEmpty), silence},
		{"504 in the API's shape", answer(504, api.ShapeAPI), silence},
		{"of another origin", errors.New("odd"), silence},
		{"redirect", answer(302, api.ShapeRedirect), gateway},
		{"bad item field", &api.FieldError{Field: "quantity", Reason: "is missing"}, all(rej)},
		{"429 JSON", answer(429, api.ShapeAPI), all(thr)},
		{"429 text", answer(429, api.ShapeText), all(thr)},
		{"401 gateway", answer(401, api.ShapeGateway), all(auth)},
		{"401 HTML", answer(401, api.ShapeHTML), all(auth)},
		{"401 empty", answer(401, api.ShapeEmpty), all(auth)},
		{"403 gateway", answer(403, api.ShapeGateway), all(auth)},
		{"403 API", answer(403, api.ShapeAPI), all(auth)},
		{"403 HTML", answer(403, api.ShapeHTML), gateway},
		{"413 API", answer(413, api.ShapeAPI), all(rej)},
		{"413 HTML", answer(413, api.ShapeHTML), all(rej)},
	}
	for _, status := range []int{400, 404, 405, 409, 415, 422} {
		rows = append(rows,
			row{fmt.Sprint(status, " API"), answer(status, api.ShapeAPI), all(rej)},
			row{fmt.Sprint(status, " HTML"), answer(status, api.ShapeHTML), gateway},
			row{fmt.Sprint(status, " empty"), answer(status, api.ShapeEmpty), gateway})
	}
	for _, status := range []int{408, 425, 500, 501, 502, 503, 505, 520} {
		rows = append(rows,
			row{fmt.Sprint(status, " API"), answer(status, api.ShapeAPI), gateway},
			row{fmt.Sprint(status, " HTML"), answer(status, api.ShapeHTML), gateway})
	}
	for _, shape := range []api.Shape{api.ShapeHTML, api.ShapeEmpty, api.ShapeCut, api.ShapeText, api.ShapeJSON, api.ShapeTooLarge} {
		rows = append(rows, row{"200 " + shape.String(), answer(200, shape), gateway})
	}
	for _, r := range rows {
		for i, class := range []outbox.Class{Read, outbox.Absolute, outbox.Once, outbox.Step} {
			got := Of(class, r.err)
			require.Equal(t, r.want[i].String(), got.Verdict.String(), "%s, %s", r.name, class)
			if r.err != nil {
				require.Equal(t, r.err.Error(), got.Reason, r.name)
			}
			wrapped := Of(class, fmt.Errorf("call: %w", errors.Join(r.err)))
			if r.err != nil {
				require.Equal(t, got.Verdict, wrapped.Verdict, "%s, wrapped", r.name)
			}
		}
	}
}

func TestVerdictWithoutToken(t *testing.T) {
	t.Parallel()
	err := &api.TokenError{Err: errors.New("the vault is locked")}
	require.Equal(t, outbox.Unauthorized, OfEntry(outbox.Absolute, err).Verdict, "the account is suspended")
	require.Equal(t, outbox.Unavailable, OfCanary(err).Verdict, "nothing is known of the host")
	require.Equal(t, outbox.Unavailable, OfEntry(outbox.Step, &api.TokenError{Err: context.Canceled}).Verdict, "we are stopping")
	require.Equal(t, outbox.Unauthorized, OfCanary(&api.Error{Status: 401, Shape: api.ShapeGateway}).Verdict, "the host is alive")
}

func TestVerdictOfAStepSoonAfterItsCreation(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, 7, 28, 4, 0, 0, 0, time.UTC)
	missing := &api.Error{Status: 404, Shape: api.ShapeAPI}
	young := &outbox.Creation{DeliveredAt: now.Add(-time.Minute)}
	old := &outbox.Creation{DeliveredAt: now.Add(-time.Minute - 1)}
	require.Equal(t, outbox.Failed, OfStep(missing, young, now, time.Minute).Verdict)
	require.Equal(t, outbox.Rejected, OfStep(missing, old, now, time.Minute).Verdict)
	require.Equal(t, outbox.Rejected, OfStep(missing, nil, now, time.Minute).Verdict)
	require.Equal(t, outbox.Rejected, OfStep(&api.Error{Status: 422, Shape: api.ShapeAPI}, young, now, time.Minute).Verdict)
	require.Equal(t, outbox.Unknown, OfStep(&api.Error{Status: 404, Shape: api.ShapeHTML}, young, now, time.Minute).Verdict)
}

func TestVerdictKeepsRetryAfter(t *testing.T) {
	t.Parallel()
	a := Of(outbox.Absolute, &api.Error{Status: 429, Shape: api.ShapeAPI, RetryAfter: 53 * time.Second})
	require.Equal(t, 53*time.Second, a.RetryAfter)
}

func TestVerdictOfLookUps(t *testing.T) {
	t.Parallel()
	require.Equal(t, outbox.Delivered, OfLookUp(nil).Verdict)
	require.Equal(t, outbox.Failed, OfLookUp(fmt.Errorf("look-up: %w", api.ErrFilterIgnored)).Verdict, "it proves nothing")
	require.Equal(t, outbox.Failed, OfLookUp(&api.Error{Status: 422, Shape: api.ShapeAPI}).Verdict)
	require.Equal(t, outbox.Unavailable, OfLookUp(&api.Error{Status: 503, Shape: api.ShapeHTML}).Verdict)
	require.Equal(t, outbox.Delivered, OfRead(api.ErrFilterIgnored).Verdict, "the host is there")
	require.Equal(t, outbox.Failed, OfRead(&api.FieldError{Field: "limit", Reason: "is 1"}).Verdict, "nothing was sent")
}
