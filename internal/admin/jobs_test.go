package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

// bothDeliver is [both] for what only a process that delivers can do.
func bothDeliver(t *testing.T, d admin.Delivery, test func(t *testing.T, c *admin.Client)) {
	t.Helper()
	t.Run("socket", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		serveDelivery(t, r.o.Path(), r.o, d)
		c, err := admin.Dial(t.Context(), r.o.Path())
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, c.Close()) })
		test(t, c)
	})
	t.Run("local", func(t *testing.T) {
		t.Parallel()
		c := admin.Local(admin.NewHandler(newRig(t).o, d))
		test(t, c)
		require.NoError(t, c.Close())
	})
}

func stockRows(n int, end error) iter.Seq2[admin.Row, error] {
	return func(yield func(admin.Row, error) bool) {
		for i := range n {
			if !yield(admin.Row{Line: i + 1, Stock: json.RawMessage(`{"partnerId":"` + strconv.Itoa(i) + `"}`)}, nil) {
				return
			}
		}
		if end != nil {
			yield(admin.Row{}, end)
		}
	}
}

// rowsAnswered takes all rows and tells of each as it comes.
func rowsAnswered(_ context.Context, _ admin.Reload, rows iter.Seq2[admin.Row, error], tell func(admin.ReloadNews) error) error {
	n := 0
	for row, err := range rows {
		if err != nil {
			return err
		}
		n = row.Line
		if err := tell(admin.ReloadNews{Refused: &admin.RefusedRow{Line: n, Error: "no"}}); err != nil {
			return err
		}
	}
	return tell(admin.ReloadNews{Sums: &admin.Reloaded{Rows: n}})
}

func TestRowsAndNewsCrossEachOther(t *testing.T) {
	t.Parallel()
	bothDeliver(t, admin.Delivery{Reload: rowsAnswered}, func(t *testing.T, c *admin.Client) {
		const rows = 10_000 // more than fits into what is between the two sides
		refused, sums := 0, admin.Reloaded{}
		for n, err := range c.Reload(t.Context(), admin.Reload{}, stockRows(rows, nil)) {
			require.NoError(t, err)
			if n.Refused != nil {
				refused++
				require.Equal(t, refused, n.Refused.Line)
			} else {
				sums = *n.Sums
			}
		}
		require.Equal(t, rows, refused)
		require.Equal(t, rows, sums.Rows)
	})
}

func TestRowsThatBreakOff(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 2)
	d := admin.Delivery{Reload: func(ctx context.Context, q admin.Reload, rows iter.Seq2[admin.Row, error], tell func(admin.ReloadNews) error) error {
		err := rowsAnswered(ctx, q, rows, tell)
		ended <- err
		return err
	}}
	bothDeliver(t, d, func(t *testing.T, c *admin.Client) {
		gone := errors.New("the file is gone")
		var last error
		for _, err := range c.Reload(t.Context(), admin.Reload{}, stockRows(10, gone)) {
			last = err
		}
		require.ErrorIs(t, last, gone)
		require.Error(t, <-ended, "what breaks off does not look like the end")
	})
}

func TestAReaderOfAJobThatStops(t *testing.T) {
	t.Parallel()
	bothDeliver(t, admin.Delivery{Reload: rowsAnswered}, func(t *testing.T, c *admin.Client) {
		for range c.Reload(t.Context(), admin.Reload{}, stockRows(50_000, nil)) {
			break
		}
	})
}

// A job that waits notices that its reader is dead although it sends nothing.
func TestAJobOfADeadReaderEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	begun, ended := make(chan struct{}), make(chan struct{})
	serveDelivery(t, r.o.Path(), r.o, admin.Delivery{Reload: func(ctx context.Context, _ admin.Reload, _ iter.Seq2[admin.Row, error], _ func(admin.ReloadNews) error) error {
		close(begun)
		<-ctx.Done()
		close(ended)
		return ctx.Err()
	}})
	conn, err := net.Dial("unix", r.o.Path()+".sock")
	require.NoError(t, err)
	_, err = conn.Write([]byte("POST /v1/reload HTTP/1.1\r\nHost: outbox\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{}\n\r\n3\r\n{}\n\r\n"))
	require.NoError(t, err)
	<-begun
	require.NoError(t, conn.Close())
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("it goes on")
	}
}

func TestJobsThatAreRefused(t *testing.T) {
	t.Parallel()
	failing := errors.New("no such thing")
	d := admin.Delivery{
		Campaigns: func(context.Context, admin.CampaignQuery) ([]admin.Campaign, error) { return nil, failing },
		Recheck: func(_ context.Context, _ admin.Recheck, known iter.Seq2[admin.KnownOrder, error], _ func(admin.RecheckNews) error) error {
			for _, err := range known {
				if err != nil {
					return err
				}
			}
			return failing
		},
	}
	bothDeliver(t, d, func(t *testing.T, c *admin.Client) {
		var refusal *admin.Error
		for _, err := range c.Reload(t.Context(), admin.Reload{}, stockRows(50_000, nil)) {
			require.ErrorAs(t, err, &refusal)
			require.Equal(t, admin.CodeUnsupported, refusal.Code)
		}
		for _, err := range c.Campaigns(t.Context(), admin.CampaignQuery{}) {
			require.ErrorContains(t, err, failing.Error())
		}
		known := func(yield func(admin.KnownOrder, error) bool) { yield(admin.KnownOrder{ID: 1}, nil) }
		for _, err := range c.Recheck(t.Context(), admin.Recheck{}, known) {
			require.ErrorContains(t, err, failing.Error())
		}
	})
}

func TestResend(t *testing.T) {
	t.Parallel()
	both(t, nil, func(t *testing.T, r *rig, c *admin.Client) {
		from := time.Now()
		r.put(t, outbox.Entry{Key: "a", Body: []byte(`"1"`)})
		r.put(t, outbox.Entry{Key: "b", Account: "shop", Body: []byte(`"1"`)})
		r.deliver(t)
		r.put(t, outbox.Entry{Key: "b", Account: "shop", Body: []byte(`"2"`)})
		q := admin.Resend{From: from, To: time.Now(), DryRun: true}
		sums, err := c.Resend(t.Context(), q, nil)
		require.NoError(t, err)
		require.Equal(t, admin.Resent{Selected: 2, Sent: 1, Waiting: 1}, sums)
		q.DryRun = false
		var told admin.Resent
		sums, err = c.Resend(t.Context(), q, func(s admin.Resent) { told = s })
		require.NoError(t, err)
		require.Equal(t, sums, told)
		require.Equal(t, uint64(2), r.o.Stats().Waiting)

		q.To = time.Now().Add(time.Hour)
		_, err = c.Resend(t.Context(), q, nil)
		require.ErrorIs(t, err, outbox.ErrInvalid)
	})
}

func serveDelivery(t *testing.T, path string, o *outbox.Outbox, d admin.Delivery) {
	t.Helper()
	s, err := admin.Open(path, admin.NewHandler(o, d), nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
}
