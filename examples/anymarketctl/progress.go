package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// progress shows on the error output how far a long command is: a bar on a
// terminal, else a line now and then. It is used by one goroutine.
type progress struct {
	w    io.Writer
	what string
	most int
	bar  *progressbar.ProgressBar // nil: lines
	said time.Time
	json bool
}

// progressInterval is the time between two lines.
const progressInterval = 10 * time.Second

// newProgress begins; most is 0 if it is not known.
func newProgress(c *cobra.Command, what string, most int) *progress {
	p := &progress{w: c.ErrOrStderr(), what: what, most: most, said: time.Now(), json: asJSON(c)}
	if f, ok := p.w.(*os.File); ok && term.IsTerminal(int(f.Fd())) && !p.json {
		if most == 0 {
			most = -1 // it spins
		}
		p.bar = progressbar.NewOptions(most,
			progressbar.OptionSetWriter(p.w), progressbar.OptionSetDescription(what), progressbar.OptionShowCount(),
			progressbar.OptionSetWidth(20), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
	}
	return p
}

// progressJSON is a line of progress.
type progressJSON struct {
	Progress string `json:"progress"`
	Done     int    `json:"done"`
	Of       int    `json:"of,omitempty"`
}

func (p *progress) at(n int) {
	if p.bar != nil {
		_ = p.bar.Set(n) // it is only shown, as all here
		return
	}
	if now := time.Now(); now.Sub(p.said) >= progressInterval {
		p.said = now
		switch {
		case p.json:
			_ = printJSON(p.w, progressJSON{p.what, n, p.most})
		case p.most > 0:
			_, _ = fmt.Fprintf(p.w, "%s: %d of %d\n", p.what, n, p.most)
		default:
			_, _ = fmt.Fprintf(p.w, "%s: %d\n", p.what, n)
		}
	}
}

// end takes the bar away.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
