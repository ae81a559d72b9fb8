package anymarket

import (
	"errors"
	"fmt"
)

// ErrRunning says that a load or a recheck of the same name, or the order feed of
// the account, runs already.
var ErrRunning = errors.New("one of this name is running")

// begin keeps a job of a name from running twice at a time: what is kept of how
// far it got is that of one run.
func (c *core) begin(name string) (end func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.jobs[name] {
		return nil, fmt.Errorf("%q: %w", name, ErrRunning)
	}
	if c.jobs == nil {
		c.jobs = map[string]bool{}
	}
	c.jobs[name] = true
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.jobs, name)
	}, nil
}
