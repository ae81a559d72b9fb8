package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
	"github.com/anymarket-go/sdk/internal/admin"
)

// dyingHolder listens as the process that holds the outbox would, answers
// operations with f once, and ends.
func (r *rig) dyingHolder(f func(w http.ResponseWriter, body string)) {
	r.t.Helper()
	l, err := admin.Listen(r.outbox)
	require.NoError(r.t, err)
	s := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil || l.Close() != nil {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Connection", "close")
		f(w, string(body))
	})}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = s.Serve(l)
	}()
	r.t.Cleanup(func() {
		_ = s.Close()
		<-served
	})
}

// Nobody can tell whether the process stored what it did not answer any more.
func TestSendClaimsNothingOfAnUnansweredHandOver(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.dyingHolder(func(http.ResponseWriter, string) { panic(http.ErrAbortHandler) })
	in, input := io.Pipe()
	c := begin(t.Context(), in, r.args("send")...)
	_, err := io.WriteString(input, stock("A", "1")+stock("B", "2"))
	require.NoError(t, err)
	until(t, "an answer", func() bool { return strings.Contains(c.out.String(), "\n") })
	_, err = io.WriteString(input, stock("C", "3"))
	require.NoError(t, err)
	require.NoError(t, input.Close())
	got := c.wait(t)
	require.Equal(t, exit.Failed, got.code, got)
	require.Contains(t, got.errors, "not known")
	all := receipts(t, got.out)
	require.Len(t, all, 3)
	require.Equal(t, admin.CodeUnknown, all[0].Code)
	require.Empty(t, all[2].Error)
	_, ok := r.fake.Stock("A", 0)
	require.False(t, ok, "it was not handed over again")
	_, ok = r.fake.Stock("C", 0)
	require.True(t, ok)
}

// What a closing process did not take is certainly not stored.
func TestSendTakesBackWhatAClosingHolderDidNotTake(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.dyingHolder(func(w http.ResponseWriter, body string) {
		for i := range strings.Count(body, "\n") {
			if i == 0 {
				_, _ = fmt.Fprintln(w, `{"id":"00000001-1"}`)
			} else {
				_, _ = fmt.Fprintln(w, `{"error":"outbox is closed","code":"closed"}`)
			}
		}
	})
	got := r.send(stock("A", "1") + stock("B", "2") + "nonsense\n")
	require.Equal(t, exit.Refused, got.code, got)
	all := receipts(t, got.out)
	require.Len(t, all, 3)
	require.Equal(t, "00000001-1", all[0].ID.String())
	require.Empty(t, all[1].Error)
	require.Equal(t, admin.CodeInvalid, all[2].Code)
	_, ok := r.fake.Stock("B", 0)
	require.True(t, ok)
}

func TestSendHandsOverToTheProcessThatRuns(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	stop := r.holder()
	// It needs no token of its own.
	got := ctl(t, stock("A", "5")+"nonsense\n", "send", "--outbox", r.outbox, "--base-url", r.url)
	require.Equal(t, exit.Refused, got.code, got)
	all := receipts(t, got.out)
	require.Len(t, all, 2)
	require.NotZero(t, all[0].ID)
	require.Equal(t, admin.CodeInvalid, all[1].Code)
	s, ok := r.fake.Stock("A", 0) // it waited for the delivery
	require.True(t, ok)
	require.Equal(t, "5", s.Quantity)

	r.fake.Refuse("B", "no such SKU")
	require.Equal(t, exit.Refused, r.send(stock("B", "1")).code)
	r.fake.Maintenance(time.Hour)
	require.Equal(t, exit.Waiting, r.send(stock("A", "6"), "--drain", "200ms").code)
	r.fake.EndMaintenance()
	require.Equal(t, exit.Done, r.send(stock("A", "7")).code)
	require.Equal(t, exit.Done, stop().code)
}

// The process that has the file ends while operations are handed over: every
// line has one answer, and what has a receipt is delivered.
func TestSendGoesOnWithoutTheHolder(t *testing.T) {
	t.Parallel()
	for name, kill := range map[string]bool{"ends": false, "is killed": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			holder, _, _ := r.child(r.args("run")...)
			defer func() { _ = holder.Process.Kill() }() // in case the test fails
			r.waitForSocket()

			in, input := io.Pipe()
			c := begin(t.Context(), in, r.args("send")...)
			const n = 3000
			go func() {
				w := bufio.NewWriter(input)
				for i := range n {
					_, _ = w.WriteString(stock(fmt.Sprintf("SKU-%d", i%50), fmt.Sprint(i)))
					if i == n/3 {
						_ = w.Flush()
						if kill {
							_ = holder.Process.Kill()
						} else {
							_ = holder.Process.Signal(os.Interrupt)
						}
					}
				}
				_ = w.Flush()
				_ = input.Close()
			}()
			got := c.wait(t)
			_ = holder.Wait()
			all := receipts(t, got.out)
			require.Len(t, all, n, got.errors)
			stored, newest := 0, map[string]int{}
			for i, a := range all {
				require.Equal(t, i+1, a.N)
				if a.Error != "" {
					require.Equal(t, admin.CodeUnknown, a.Code, a.Error)
					continue
				}
				stored++
				newest[fmt.Sprintf("SKU-%d", i%50)] = i
			}
			require.GreaterOrEqual(t, stored, n-2*maxGroup)
			if stored == n {
				require.Equal(t, exit.Done, got.code, got.errors)
			} else {
				require.Equal(t, exit.Failed, got.code, got.errors)
			}
			require.Contains(t, got.errors, "is gone")
			for sku, i := range newest {
				s, ok := r.fake.Stock(sku, 0)
				require.True(t, ok)
				require.Equal(t, fmt.Sprint(i), s.Quantity, sku)
			}
			require.Equal(t, exit.Done, r.on("check").code)
		})
	}
}
