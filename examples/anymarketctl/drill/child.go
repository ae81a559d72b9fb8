package drill

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// child is the client: one process, from its start to its death.
type child struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	killed atomic.Bool
	gone   chan struct{} // closed when the process has ended and all that it said is read
	err    error         // of the process; this and the next once gone is closed
	wrong  error         // what it said that it must not say

	mu   sync.Mutex // guards the field below
	sent []int      // operations by line, from line 1
}

// receipt is a line that the client prints for one that it read.
type receipt struct {
	N  int    `json:"n"`
	ID string `json:"id"`
	refusal
}

// startChild starts the client. It runs until its input ends, or it is killed,
// which the end of ctx does too.
func startChild(ctx context.Context, command []string, env []string, stderr io.Writer, answered func(i int, no refusal)) (*child, error) {
	c := &child{cmd: exec.CommandContext(ctx, command[0], command[1:]...), gone: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), env...)
	c.cmd.Stderr = stderr
	c.cmd.WaitDelay = 5 * time.Second
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { // ends with the process; wait joins it
		defer close(c.gone)
		c.wrong = c.listen(out, answered)
		c.err = c.cmd.Wait()
	}()
	return c, nil
}

// listen reads receipts until the client has nothing more to say. A last line
// that is not whole is no receipt.
func (c *child) listen(out io.Reader, answered func(i int, no refusal)) (wrong error) {
	for in := bufio.NewReader(out); ; {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return wrong
		}
		var r receipt
		if err := json.Unmarshal(line, &r); err != nil || (r.ID == "") == (r.Error == "") {
			wrong = fmt.Errorf("the client said what is no receipt: %s", short(string(line)))
		} else if i, ok := c.operation(r.N); ok {
			answered(i, r.refusal)
		} else {
			wrong = fmt.Errorf("the client answered a line that it was not given: %s", short(string(line)))
		}
	}
}

func (c *child) operation(n int) (int, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n < 1 || n > len(c.sent) {
		return 0, false
	}
	return c.sent[n-1], true
}

// write hands an operation over. An error means that the client is gone.
func (c *child) write(i int, line []byte) error {
	c.mu.Lock()
	c.sent = append(c.sent, i)
	c.mu.Unlock()
	_, err := c.in.Write(append(slices.Clip(line), '\n'))
	return err
}

// kill ends the client without a chance to do anything, waits until it is gone,
// and says whether it was this call that ended it.
func (c *child) kill() bool {
	first := c.killed.CompareAndSwap(false, true)
	hit := first && c.cmd.Process.Kill() == nil
	<-c.gone
	return hit
}

// isGone says whether the process has ended.
func (c *child) isGone() bool {
	select {
	case <-c.gone:
		return true
	default:
		return false
	}
}

func short(s string) string {
	const longest = 200
	if len(s) > longest {
		return s[:longest] + "…"
	}
	return s
}
