package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/outbox"
)

// Client looks at an outbox and operates it. It is safe for concurrent use.
// Besides errors of the way there, its methods return what the outbox said, as
// an [*Error].
type Client struct{ http *http.Client }

// Dial returns a client of the process that holds the outbox at outboxPath.
// Its error wraps [ErrNoSocket] if nobody listens there.
func Dial(ctx context.Context, outboxPath string) (*Client, error) {
	dial := func(ctx context.Context) (net.Conn, error) { return dialSocket(ctx, outboxPath) }
	conn, err := dial(ctx)
	if err != nil {
		return nil, err
	}
	if err := conn.Close(); err != nil {
		return nil, err
	}
	return newClient(&http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		// A server that ended a moment ago is dialled, not waited for.
		IdleConnTimeout: idleTimeout / 2,
	}), nil
}

// Local returns a client of h, without a socket.
func Local(h http.Handler) *Client { return newClient(local{h}) }

func newClient(t http.RoundTripper) *Client {
	return &Client{&http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
}

// Close lets the connections go. Lists that are under way end by themselves.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// Status returns how the outbox stands.
func (c *Client) Status(ctx context.Context) (s Status, err error) {
	return s, c.call(ctx, http.MethodGet, "/status", nil, &s)
}

// List lists entries, oldest first, the waiting ones before the dead letters. An
// error is the last that is yielded.
func (c *Client) List(ctx context.Context, f Filter) iter.Seq2[Entry, error] {
	q := url.Values{}
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	set("state", f.State)
	set("kind", f.Kind)
	set("key", f.Key)
	if f.Account != nil {
		q.Set("account", *f.Account)
	}
	if f.Limit > 0 {
		q.Set("limit", strconv.Itoa(f.Limit))
	}
	if f.Full {
		q.Set("full", "true")
	}
	return listing[Entry](ctx, c, "/entries?"+q.Encode())
}

// Show returns an entry and its history, redacted.
func (c *Client) Show(ctx context.Context, id outbox.ID) (d Details, err error) {
	return d, c.call(ctx, http.MethodGet, entryPath(id, ""), nil, &d)
}

// ShowFull is [Client.Show] with the body as it is stored.
func (c *Client) ShowFull(ctx context.Context, id outbox.ID) (d Details, err error) {
	return d, c.call(ctx, http.MethodGet, entryPath(id, "?full=true"), nil, &d)
}

// Why says why an entry stands where it stands.
func (c *Client) Why(ctx context.Context, id outbox.ID) (w Why, err error) {
	return w, c.call(ctx, http.MethodGet, entryPath(id, "/why"), nil, &w)
}

// Edit replaces the body of a dead letter or a parked entry. The id is that of
// the entry that goes on, see [outbox.Outbox.Edit].
func (c *Client) Edit(ctx context.Context, id outbox.ID, body []byte) (outbox.ID, error) {
	var out struct {
		ID outbox.ID `json:"id"`
	}
	err := c.call(ctx, http.MethodPut, entryPath(id, "/body"), body, &out)
	return out.ID, err
}

// Requeue lets a dead letter or a parked entry be tried again.
func (c *Client) Requeue(ctx context.Context, id outbox.ID) error {
	return c.call(ctx, http.MethodPost, entryPath(id, "/requeue"), nil, nil)
}

// Discard takes an entry out for good.
func (c *Client) Discard(ctx context.Context, id outbox.ID, reason string) error {
	return c.post(ctx, entryPath(id, "/discard"), reasoned{Reason: reason})
}

// Pause stops the calls of an account, or of all, until [Client.Resume].
func (c *Client) Pause(ctx context.Context, scope Scope, reason string) error {
	return c.post(ctx, "/pause", Pause{scope, reason})
}

// Resume ends what [Client.Pause] began.
func (c *Client) Resume(ctx context.Context, scope Scope) error {
	return c.post(ctx, "/resume", Pause{Scope: scope})
}

// Readdress lets an account name the targets of a family in another way from its
// next entry on, see [outbox.Outbox.Readdress].
func (c *Client) Readdress(ctx context.Context, account, family string) error {
	return c.post(ctx, "/readdress", addressed{Account: &account, Family: family})
}

// Check verifies the whole file. Nothing is stored meanwhile.
func (c *Client) Check(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "/check", nil, nil)
}

// Export yields the whole history, entry by entry, redacted. An event that
// cannot be read is yielded as an [*Error], after which it can go on.
func (c *Client) Export(ctx context.Context) iter.Seq2[Event, error] {
	return listing[Event](ctx, c, "/history")
}

// Accept hands operations over, one JSON object a line, and returns what became
// of each, in order. After an error it returns what became of the first ones; of
// those behind them nothing is known, unless it wraps [ErrNoSocket]: then they
// were not handed over.
func (c *Client) Accept(ctx context.Context, lines [][]byte) ([]Accepted, error) {
	return c.accept(ctx, lines, "/operations")
}

// AcceptStrict is [Client.Accept], but what ANYMARKET may refuse is not stored.
func (c *Client) AcceptStrict(ctx context.Context, lines [][]byte) ([]Accepted, error) {
	return c.accept(ctx, lines, "/operations?strict=true")
}

func (c *Client) accept(ctx context.Context, lines [][]byte, path string) ([]Accepted, error) {
	done := make([]Accepted, 0, len(lines))
	for len(lines) > 0 {
		n := fitting(lines)
		if n == 0 {
			done = append(done, NotAccepted(&Error{
				Code: CodeTooLarge, Message: fmt.Sprintf("line of %d bytes, at most %d", len(lines[0]), MaxLine),
			}))
			lines = lines[1:]
			continue
		}
		some, err := c.hand(ctx, lines[:n], path)
		done = append(done, some...)
		if err != nil {
			return done, err
		}
		lines = lines[n:]
	}
	return done, nil
}

// fitting is how many of the lines fit into a request, 0 if the first is too
// long for any.
func fitting(lines [][]byte) int {
	size := 0
	for i, line := range lines {
		size += len(line) + 1
		if len(line) > MaxLine || size > maxOperations {
			return i
		}
	}
	return len(lines)
}

// hand hands lines over in one request.
func (c *Client) hand(ctx context.Context, operations [][]byte, path string) ([]Accepted, error) {
	var body bytes.Buffer
	for _, operation := range operations {
		// A line break is a space to JSON, but would be another line here.
		body.Write(bytes.ReplaceAll(operation, []byte("\n"), []byte(" ")))
		body.WriteByte('\n')
	}
	var done []Accepted
	for a, err := range lines[Accepted](ctx, c, http.MethodPost, path, body.Bytes()) {
		if err != nil {
			return done, err
		}
		done = append(done, a)
	}
	if len(done) != len(operations) {
		return done[:min(len(done), len(operations))], fmt.Errorf("%d answers came for %d operations", len(done), len(operations))
	}
	return done, nil
}

func entryPath(id outbox.ID, rest string) string { return "/entries/" + id.String() + rest }

func (c *Client) post(ctx context.Context, path string, body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return c.call(ctx, http.MethodPost, path, data, nil)
}

// call makes a request whose answer is one JSON value, or none.
func (c *Client) call(ctx context.Context, method, path string, body []byte, answer any) error {
	r, err := c.do(ctx, method, path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer r.Close()
	if answer == nil {
		return nil
	}
	if err := json.NewDecoder(r).Decode(answer); err != nil {
		return fmt.Errorf("answer of %s: %w", path, err)
	}
	return nil
}

// do makes a request and returns the answer's body, which the caller closes.
func (c *Client) do(ctx context.Context, method, path string, body io.Reader) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://outbox"+base+path, body)
	if err != nil {
		return nil, err
	}
	// Nothing is done twice: whether it was done is for the caller to find out.
	req.GetBody = nil
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("outbox's process: %w", errors.Unwrap(err))
	}
	if resp.StatusCode < http.StatusBadRequest {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	var out struct {
		Error *Error `json:"error"`
	}
	const most = 1 << 20
	if err := json.NewDecoder(io.LimitReader(resp.Body, most)).Decode(&out); err != nil || out.Error == nil {
		return nil, fmt.Errorf("outbox's process answered %s", strings.TrimSpace(resp.Status))
	}
	return nil, out.Error
}

// listing lists what a path has, a JSON value a line.
func listing[T any](ctx context.Context, c *Client, path string) iter.Seq2[T, error] {
	return lines[T](ctx, c, http.MethodGet, path, nil)
}

// lines makes a request and yields the values of its answer; a line may be an
// error instead.
func lines[T any](ctx context.Context, c *Client, method, path string, body []byte) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		r, err := c.do(ctx, method, path, bytes.NewReader(body))
		if err != nil {
			yield(none, err)
			return
		}
		linesOf[T](ctx, r)(yield)
	}
}

// linesOf yields the values of an answer, and closes it.
func linesOf[T any](ctx context.Context, r io.ReadCloser) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		defer r.Close()
		for d := json.NewDecoder(r); ; {
			var raw json.RawMessage
			switch err := d.Decode(&raw); {
			case errors.Is(err, io.EOF):
				return
			case ctx.Err() != nil:
				yield(none, ctx.Err())
				return
			case err != nil:
				yield(none, fmt.Errorf("the answer broke off: %w", err))
				return
			}
			if !yield(line[T](raw)) {
				return
			}
		}
	}
}

func line[T any](raw []byte) (v T, err error) {
	// What became of an operation has text there, which is no error of the list.
	var failed struct {
		Error *Error `json:"error"`
	}
	if json.Unmarshal(raw, &failed) == nil && failed.Error != nil {
		return v, failed.Error
	}
	err = json.Unmarshal(raw, &v)
	return v, err
}

// idleTimeout is how long a connection may be without a request.
const idleTimeout = 2 * time.Minute
