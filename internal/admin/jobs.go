package admin

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"sync"
	"time"
)

// beat is how often a job whose answer has nothing new says that it goes on. A
// reader who is gone is noticed by it.
const beat = time.Second

// job answers with what a job tells while it runs.
func (h *handler) job(w http.ResponseWriter, r *http.Request, run func(ctx context.Context, tell func(any) error) error) error {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	s := newStream(w, r)
	var mu sync.Mutex // guards s
	put := func(write func()) error {
		mu.Lock()
		defer mu.Unlock()
		write()
		if s.flush(); s.ended() {
			cancel()
		}
		return s.err
	}
	_ = put(s.blank) // the answer begins; what is wrong shows in the next
	var beats sync.WaitGroup
	beats.Go(func() {
		tick := time.NewTicker(beat)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				_ = put(s.blank) // it cancels ctx if nobody reads
			}
		}
	})
	err := run(ctx, func(v any) error { return put(func() { s.line(v) }) })
	cancel()
	beats.Wait()
	if err != nil && !s.ended() {
		s.fail(err)
	}
	return s.end()
}

// blank writes an empty line, which says that it goes on.
func (s *stream) blank() {
	s.hurry()
	if _, err := s.w.Write([]byte("\n")); err != nil && s.err == nil {
		s.err = err
	}
}

// flush sends what was written. Without a connection it was sent already.
func (s *stream) flush() {
	if err := s.out.Flush(); err != nil && s.err == nil && !errors.Is(err, http.ErrNotSupported) {
		s.err = err
	}
}

// rowsOf yields the values that a request goes on with, a line each. Their
// sender has patience for each, from when it is wanted.
func rowsOf[T any](w http.ResponseWriter, in *bufio.Scanner) iter.Seq2[T, error] {
	c := http.NewResponseController(w)
	return func(yield func(T, error) bool) {
		var extended time.Time
		for {
			var row T
			if now := time.Now(); now.Sub(extended) > time.Second {
				extended = now
				if err := c.SetReadDeadline(now.Add(patience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
					yield(row, err)
					return
				}
			}
			if !in.Scan() {
				err := in.Err()
				if unlimited := c.SetReadDeadline(time.Time{}); err == nil && !errors.Is(unlimited, http.ErrNotSupported) {
					err = unlimited
				}
				if err != nil {
					yield(row, fmt.Errorf("rows broke off: %w", err))
				}
				return
			}
			if err := json.Unmarshal(in.Bytes(), &row); err != nil {
				yield(row, invalid("row", "is not what belongs here: "+err.Error()))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// headOf reads the first line of a request that goes on with rows.
func headOf(w http.ResponseWriter, r *http.Request, head any) (*bufio.Scanner, error) {
	c := http.NewResponseController(w)
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, err
	}
	in := bufio.NewScanner(r.Body)
	in.Buffer(nil, MaxLine)
	in.Scan()
	if err := in.Err(); err != nil {
		return nil, err
	}
	return in, decodeWhole(in.Bytes(), head)
}

// job makes a request of a head and rows, a JSON value a line, and yields the
// values of its answer, which come while rows are sent. The rows may not be used
// by anybody else meanwhile. An error of theirs ends it and is the one that is
// yielded.
func job[T, Row any](ctx context.Context, c *Client, path string, head any, rows iter.Seq2[Row, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		out, in := io.Pipe()
		begun := make(chan struct{})
		var wrong error // of the rows
		var sending sync.WaitGroup
		defer sending.Wait()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer func() { _ = out.Close() }() // never fails
		sending.Go(func() {
			err := sendRows(ctx, in, head, begun, func(yield func(Row, error) bool) {
				for row, err := range rows {
					if wrong = err; !yield(row, err) {
						return
					}
				}
			})
			_ = in.CloseWithError(err) // never fails; nil is the end of the rows
		})
		answer, err := c.do(ctx, http.MethodPost, path, out)
		if err != nil {
			var none T
			yield(none, err)
			return
		}
		close(begun)
		for v, err := range linesOf[T](ctx, answer) {
			if err != nil {
				_ = out.Close() // never fails; it ends the sending
				sending.Wait()
				if wrong != nil {
					err = wrong
				}
			}
			if !yield(v, err) || err != nil {
				_ = out.Close() // never fails; what reads the rows must not wait for them
				return
			}
		}
	}
}

// sendRows writes the head, and the rows when the answer has begun: before that
// the other side may refuse.
func sendRows[Row any](ctx context.Context, w io.Writer, head any, begun <-chan struct{}, rows iter.Seq2[Row, error]) error {
	const buffer = 32 << 10
	out := bufio.NewWriterSize(w, buffer)
	e := json.NewEncoder(out)
	if err := errors.Join(e.Encode(head), out.Flush()); err != nil {
		return err
	}
	select {
	case <-begun:
	case <-ctx.Done():
		return ctx.Err()
	}
	for row, err := range rows {
		if err == nil {
			err = e.Encode(row)
		}
		if err != nil {
			return err
		}
	}
	return out.Flush()
}

// onlyDelivering refuses what needs a process that delivers.
func onlyDelivering(what string) error {
	return &Error{Code: CodeUnsupported, Message: what + " only by a process that delivers by this API"}
}
