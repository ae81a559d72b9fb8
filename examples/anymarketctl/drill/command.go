package drill

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
	_ "time/tzdata" // the status page says times as in Brazil

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/report"
	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
)

// flags are those of the command.
type flags struct {
	seed             uint64
	input, keep      string
	report, language string
	window           time.Duration
	json             bool

	command  []string      // that is anymarketctl; defaults to this program
	patience time.Duration // how long the machine may take; defaults to far more than it should
}

// shortest is the shortest window that leaves room for what is to happen in it.
const shortest = 2 * time.Second

// Command returns the command drill. It starts this program as its child, and
// ends early, leaving nothing behind, when the context of the command ends.
func Command() *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use:   "drill",
		Short: "Play a day with a maintenance window and prove that nothing was lost",
		Long: `Play a day of an ERP and of a marketplace with the announced maintenance window
in it, in fast motion, against a fake ANYMARKET, and kill their clients again and
again. When the day is over ANYMARKET loses some of what it had acknowledged, and
the ERP makes that good with resend and recheck while its stock goes on changing.
Then hold what ANYMARKET has and has seen against what the two have receipts for,
and write the report of the window.

The exit code is 0 if nothing was lost, no order or sale is there twice, no stock
or price is stale, both sides agree about what was lost, nothing was left waiting,
and all that is right was stored, else 1.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if on, err := c.Flags().GetBool("json"); err == nil {
				f.json = on
			}
			return f.run(c.Context(), c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	fs := c.Flags()
	fs.Uint64Var(&f.seed, "seed", 1, "another `NUMBER` is another day with other kills; the same repeats the operations and the plan of kills, not the timing")
	fs.StringVar(&f.input, "input", "", "play the operations of `FILE`, as send reads them, instead")
	fs.StringVar(&f.keep, "keep", "", "keep the outboxes and ANYMARKET's logs in `DIR`, which must not have them yet")
	fs.StringVar(&f.report, "report", "", "write the report of the window to `FILE`, and that of the marketplace beside it; else to a folder for temporary files, or that of --keep")
	fs.StringVar(&f.language, "lang", string(report.English), "the `LANGUAGE` of the report: en, es or pt")
	fs.DurationVar(&f.window, "window", 20*time.Second, "how long the four hours of the window take here")
	return c
}

// run plays the drill and says what was found.
func (f *flags) run(ctx context.Context, stdout, stderr io.Writer) (err error) {
	if f.window < shortest || f.window > announced || f.window%time.Second != 0 {
		return &exit.Error{Code: exit.Usage, Err: fmt.Errorf("--window: want whole seconds from %s to %s", shortest, announced)}
	}
	language, err := report.ParseLanguage(f.language)
	if err != nil {
		return &exit.Error{Code: exit.Usage, Err: fmt.Errorf("--lang: %q, want en, es or pt", f.language)}
	}
	if info, err := os.Stat(filepath.Dir(f.report)); err != nil || !info.IsDir() { // better now than after all is done
		return &exit.Error{Code: exit.Usage, Err: fmt.Errorf("--report: %s is in no folder that there is", f.report)}
	}
	d := &drill{
		schedule: newSchedule(f.window), command: f.command, patience: f.patience,
		seed: f.seed, input: f.input != "", outage: outageOf(f.seed),
	}
	if d.patience == 0 {
		d.patience = 4*d.day() + 2*time.Minute
	}
	if len(d.command) == 0 {
		this, err := os.Executable()
		if err != nil {
			return err
		}
		d.command = []string{this}
	}
	if d.dir = f.keep; d.dir == "" {
		if d.dir, err = os.MkdirTemp("", "anymarket-drill-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(d.dir)) }()
	} else if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return err
	}
	d.begin(time.Now())
	var ops []*operation
	if d.input {
		ops, err = readInput(f.input, d.schedule)
	} else {
		ops, err = newDays(f.seed, d.schedule)
	}
	if err != nil {
		return err
	}
	d.begin(time.Now()) // making the day took its time
	d.show = newProgress(stderr, len(ops))
	r, err := d.run(ctx, ops)
	d.show.end()
	if err != nil {
		return err
	}
	path, err := f.reportFile()
	if err == nil {
		r.Reports, err = d.writeReports(ctx, path, language)
	}
	return errors.Join(err, f.say(&r, stdout))
}

// reportFile is where the report goes. It is kept.
func (f *flags) reportFile() (string, error) {
	const name = "report.html"
	switch {
	case f.report != "":
		return f.report, nil
	case f.keep != "":
		return filepath.Join(f.keep, name), nil
	default:
		dir, err := os.MkdirTemp("", "anymarket-drill-report-")
		return filepath.Join(dir, name), err
	}
}

// say says what was found. Its error says that something is wrong.
func (f *flags) say(r *result, stdout io.Writer) (err error) {
	if f.json {
		err = json.NewEncoder(stdout).Encode(r)
	} else {
		err = r.print(stdout)
	}
	if err == nil && !r.passed() {
		err = &exit.Error{Code: exit.Failed, Err: errors.New("the drill failed")}
	}
	return err
}

// newDays is the day of the ERP, and then that of the marketplace.
func newDays(seed uint64, s schedule) ([]*operation, error) {
	ops, err := newDay(seed, s)
	if err != nil {
		return nil, err
	}
	sales, err := newMarket(seed, s)
	return append(ops, sales...), err
}

// outageOf is how the maintenance of a seed looks: seeds in a row see them all.
func outageOf(seed uint64) anymarkettest.Mode {
	modes := anymarkettest.Outages()
	return modes[seed%uint64(len(modes))]
}
