package drill

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far the day is: a bar on a terminal, else a line for each
// part of the day. It is used by one goroutine.
type progress struct {
	w     io.Writer
	bar   *progressbar.ProgressBar // nil: lines
	part  string
	kills string
}

func newProgress(w io.Writer, operations int) *progress {
	p := &progress{w: w}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions(operations,
			progressbar.OptionSetWriter(w), progressbar.OptionShowCount(), progressbar.OptionSetWidth(10),
			progressbar.OptionSetPredictTime(false), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
	}
	return p
}

// fed says how many operations were handed over, and in which part of the day.
func (p *progress) fed(operations int, part string) {
	p.phase(part)
	if p.bar != nil {
		_ = p.bar.Set(operations) // it is only shown
	}
}

// phase says what goes on now.
func (p *progress) phase(part string) {
	if part != p.part {
		p.part = part
		p.say()
	}
}

// killed says how often the client was killed so far.
func (p *progress) killed(all, beforeAnswer int) {
	if text := fmt.Sprintf("kills %d (%d unanswered)", all, beforeAnswer); all > 0 && text != p.kills {
		p.kills = text
		p.say()
	}
}

func (p *progress) say() {
	text := p.part
	if p.kills != "" {
		text += "; " + p.kills
	}
	if p.bar != nil {
		p.bar.Describe(fmt.Sprintf("%-46s", text))
		return
	}
	_, _ = fmt.Fprintln(p.w, "drill: "+text) // it is only shown
}

// end takes the bar away.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Finish() // it is only shown
	}
}
