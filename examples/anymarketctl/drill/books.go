package drill

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
	"github.com/anymarket-go/sdk/internal/admin"
)

// books are a client's own sums. They are shown; nothing is proven by them.
type books struct {
	Accepted   int `json:"accepted"`
	Delivered  int `json:"delivered"`
	Superseded int `json:"superseded"`
	Dead       int `json:"dead"`
	Cancelled  int `json:"cancelled"`
	Waiting    int `json:"waiting"`
	Parked     int `json:"parked"`
	InDoubt    int `json:"in_doubt"`
	InFlight   int `json:"in_flight"`
}

// errCommand says that a command did not do what it is for.
var errCommand = errors.New("a command failed")

// ask runs a command of anymarketctl on the outbox, live or not, and returns
// what it prints.
func (p *partner) ask(ctx context.Context, args ...string) ([]byte, error) {
	name := args[0]
	args = slices.Concat(p.command[1:], args, []string{"--outbox", p.file(outboxFile), "--json"})
	cmd := exec.CommandContext(ctx, p.command[0], args...)
	cmd.Env = append(os.Environ(), p.env()...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) && (ended.ExitCode() == exit.Alarm || ended.ExitCode() == exit.Waiting) {
		err = nil // it answered
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w: %s", errCommand, name, err, short(strings.TrimSpace(said.String())))
	}
	return out.Bytes(), nil
}

// add adds those of another client.
func (b *books) add(more books) {
	b.Accepted += more.Accepted
	b.Delivered += more.Delivered
	b.Superseded += more.Superseded
	b.Dead += more.Dead
	b.Cancelled += more.Cancelled
	b.Waiting += more.Waiting
	b.Parked += more.Parked
}

func (p *partner) status(ctx context.Context) (b books, err error) {
	out, err := p.ask(ctx, "status")
	if err == nil {
		err = json.Unmarshal(out, &b)
	}
	return b, err
}

// liveStatus asks the client itself. A command that finds it dead would open the
// file, and what was on the wire then is in doubt for as long as its own LateApply
// says, which is that of real time.
func (p *partner) liveStatus(ctx context.Context) (b books, err error) {
	path := p.file(outboxFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return p.status(ctx) // the client has no such file
	}
	c, err := admin.Dial(ctx, path)
	if err != nil {
		return b, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	s, err := c.Status(ctx)
	return books{
		Waiting: int(s.Waiting), Parked: int(s.Parked), InDoubt: int(s.InDoubt), InFlight: s.InFlight,
	}, err
}

// confirmingCalls counts them in the history of the file: calls that repeated
// a value because one before it might have been applied late.
func (p *partner) confirmingCalls(ctx context.Context) (int, error) {
	out, err := p.ask(ctx, "export")
	if err != nil {
		return 0, err
	}
	attempts := map[uint64]bool{}
	for line := range bytes.Lines(out) {
		var e struct {
			Attempt    uint64 `json:"attempt"`
			Confirming bool   `json:"confirming"`
		}
		if err := json.Unmarshal(line, &e); err != nil {
			return 0, fmt.Errorf("export: %w", err)
		}
		if e.Confirming && e.Attempt > 0 {
			attempts[e.Attempt] = true
		}
	}
	return len(attempts), nil
}

// clean says whether the client ended as it should. What was refused or waits
// is for the judge to see.
func clean(err error) bool {
	code := exitCode(err)
	return err == nil || code == exit.Refused || code == exit.Waiting
}

// exitCode is that of a process that ended by itself, else -1.
func exitCode(err error) int {
	if ended := (*exec.ExitError)(nil); errors.As(err, &ended) {
		return ended.ExitCode()
	}
	return -1
}

// lastWords is the end of what the client said on its error output.
func (p *partner) lastWords() string {
	data, err := os.ReadFile(p.file(clientLog))
	if err != nil {
		return err.Error()
	}
	const most = 600
	text := strings.TrimSpace(string(data))
	if len(text) > most {
		text = "…" + text[len(text)-most:]
	}
	return text
}

// writeLines writes a file of JSON objects, one a line.
func writeLines(path string, lines iter.Seq[any]) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	e := json.NewEncoder(f)
	for line := range lines {
		if err := e.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

func writeJSON(path string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}
