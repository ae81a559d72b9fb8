package drill

import (
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far the day is: a bar on a terminal, else a line for each
// part of the day.
type progress struct {
	w   io.Writer
	bar *progressbar.ProgressBar // nil: lines

	mu     sync.Mutex // guards the fields below
	part   string
	kills  string
	handed map[string]int // operations by partner
}

func newProgress(w io.Writer, operations int) *progress {
	p := &progress{w: w, handed: map[string]int{}}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions(operations,
			progressbar.OptionSetWriter(w), progressbar.OptionShowCount(), progressbar.OptionSetWidth(10),
			progressbar.OptionSetPredictTime(false), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
	}
	return p
}

// fed says how many operations a partner handed over, and in which part of the
// day.
func (p *progress) fed(partner string, operations int, part string) {
	p.phase(part)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.handed[partner] = operations
	if p.bar != nil {
		all := 0
		for _, n := range p.handed {
			all += n
		}
		_ = p.bar.Set(all) // it is only shown
	}
}

// phase says what goes on now. A partner that is behind another, or begins again
// after a kill, is not told.
func (p *progress) phase(part string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	parts := []string{firstPart, inWindow, afterIt, lastPart, repairPart}
	if at := slices.Index(parts, part); part != p.part && (at < 0 || at > slices.Index(parts, p.part)) {
		p.part = part
		p.say()
	}
}

// killed says how often clients were killed so far.
func (p *progress) killed(all, beforeAnswer int) {
	p.mu.Lock()
	defer p.mu.Unlock()
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
