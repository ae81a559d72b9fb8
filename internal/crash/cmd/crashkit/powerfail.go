package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// goingDown is EXT4_IOC_SHUTDOWN = XFS_IOC_GOINGDOWN = _IOR('X', 125, u32).
// noLogFlush is its argument: stop at once, write nothing more, not even the log.
const (
	goingDown  = 0x8004587d
	noLogFlush = 2
)

type powerfailFlags struct {
	work, fs, size, mkfs, check string
	options                     []string
	n                           int
	lo, hi                      time.Duration
	sync, fresh                 float64
	server                      bool
	seed                        uint64
	argv                        []string
}

func parsePowerfail(args []string) (f powerfailFlags, err error) {
	fl := flag.NewFlagSet("powerfail", flag.ExitOnError)
	fl.StringVar(&f.work, "work", "", "directory for the image and the mount point")
	fl.IntVar(&f.n, "n", 50, "cycles")
	fl.StringVar(&f.fs, "fs", "ext4", "ext4 or xfs")
	fl.StringVar(&f.size, "size", "64M", "of the file system")
	fl.StringVar(&f.mkfs, "mkfs", "", "more mkfs options")
	opts := fl.String("opts", "commit=1|commit=5|commit=1000", "mount options, one of these a cycle")
	fl.DurationVar(&f.lo, "min", 5*time.Millisecond, "shortest life")
	fl.DurationVar(&f.hi, "max", 300*time.Millisecond, "longest life")
	fl.Float64Var(&f.sync, "sync", 0.3, "share of cycles with a syncfs during the run (stands for write-back)")
	fl.Float64Var(&f.fresh, "fresh", 0.2, "share of cycles that begin with an empty directory")
	fl.StringVar(&f.check, "check", "", "checker command")
	fl.BoolVar(&f.server, "server", true, "the checker is a server")
	fl.Uint64Var(&f.seed, "seed", 1, "of the lives")
	if err := fl.Parse(args); err != nil {
		return f, err
	}
	f.argv, f.options = fl.Args(), strings.Split(*opts, "|")
	if f.work == "" || f.check == "" || len(f.argv) == 0 {
		return f, errors.New("need -work, -check and a command ({} in it stands for the directory)")
	}
	return f, nil
}

// loopFS is a file system of its own on a loop device.
type loopFS struct {
	fs, img, mnt string
	mounted      bool
}

// powerfail runs a program on a small file system of its own (loop device),
// cuts the file system off from its disk at a random moment, mounts it again
// (log replay) and has the directory judged. Needs root.
func powerfail(ctx context.Context, args []string) (err error) {
	f, err := parsePowerfail(args)
	if err != nil {
		return err
	}
	l := &loopFS{fs: f.fs, img: filepath.Join(f.work, "img"), mnt: filepath.Join(f.work, "mnt")}
	if err := l.make(ctx, f.size, strings.Fields(f.mkfs)); err != nil {
		return err
	}
	// An interrupt must not leave a mount behind.
	defer func() { err = errors.Join(err, l.umount(context.WithoutCancel(ctx)), os.Remove(l.img)) }()
	return f.cycles(ctx, l)
}

func (f powerfailFlags) cycles(ctx context.Context, l *loopFS) error {
	root, said := filepath.Join(l.mnt, "d"), filepath.Join(f.work, "said")
	argv := make([]string, len(f.argv))
	for i, a := range f.argv {
		argv[i] = strings.ReplaceAll(a, "{}", root)
	}
	rng := rand.New(rand.NewPCG(f.seed, 0))
	option := func() string { return f.options[rng.IntN(len(f.options))] }
	c := newChecker(f.check, f.server, time.Minute)
	defer c.close() // before the file system is unmounted
	if err := l.mount(ctx, option()); err != nil {
		return err
	}
	var all []byte
	lines, t0 := 0, time.Now()
	for i := range f.n {
		if i == 0 || rng.Float64() < f.fresh {
			if err := afresh(ctx, l.mnt, root); err != nil {
				return err
			}
			all = nil
		}
		life, out, err := f.cycle(ctx, l, argv, rng)
		if err != nil {
			return fmt.Errorf("cycle %d: %w", i, err)
		}
		all = append(all, wholeLines(out)...)
		lines += bytes.Count(out, []byte("\n"))
		if err := os.WriteFile(said, all, 0o600); err != nil {
			return err
		}
		if err := l.umount(ctx); err != nil {
			return err
		}
		if err := l.mount(ctx, option()); err != nil {
			return fmt.Errorf("cycle %d: mount after power failure: %w", i, err)
		}
		if err := c.check(ctx, root, said); err != nil {
			return fmt.Errorf("FAIL cycle %d (life %v): %w", i, life, err)
		}
	}
	if lines == 0 {
		return errors.New("the program promised nothing, so nothing was tested")
	}
	s := time.Since(t0).Seconds()
	fmt.Printf("%d power failures on %s, %d lines said, 0 failures, %.1f s, %.0f ms a cycle\n", f.n, f.fs, lines, s, s*1000/float64(f.n))
	return nil
}

// cycle is one life of the program, up to the cut.
func (f powerfailFlags) cycle(ctx context.Context, l *loopFS, argv []string, rng *rand.Rand) (life time.Duration, out []byte, err error) {
	life = f.lo + time.Duration(rng.Int64N(int64(f.hi-f.lo)+1))
	doSync := rng.Float64() < f.sync
	part := time.Duration(rng.Int64N(int64(life) + 1))
	early := false
	out, stderr, err := run(ctx, argv, func(alive context.Context, p *os.Process) error {
		sleep(alive, part)
		if doSync {
			if err := command(ctx, "sync", "-f", l.mnt); err != nil {
				return err
			}
		}
		sleep(alive, life-part)
		early = alive.Err() != nil
		if err := l.cut(); err != nil {
			return err
		}
		// It now sees EIO everywhere; let it say whatever it wants to say.
		sleep(alive, 20*time.Millisecond)
		killGroup(p)
		return nil
	})
	var ee *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return life, out, ctx.Err()
	case err != nil && (early || !errors.As(err, &ee)):
		return life, out, fmt.Errorf("the program failed by itself: %w: %s", err, firstLines(stderr, 3))
	}
	return life, out, nil // after the cut it may end as it likes: its disk was gone
}

// afresh begins a new history: an empty directory that is surely on disk.
func afresh(ctx context.Context, mnt, root string) error {
	if err := emptyDir(mnt); err != nil {
		return err
	}
	if err := os.MkdirAll(root, 0o700); err != nil {
		return err
	}
	return command(ctx, "sync", "-f", mnt)
}

func (l *loopFS) make(ctx context.Context, size string, options []string) error {
	if err := os.MkdirAll(l.mnt, 0o700); err != nil {
		return err
	}
	if err := os.Remove(l.img); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := command(ctx, "truncate", "-s", size, l.img); err != nil {
		return err
	}
	return command(ctx, append(append([]string{"mkfs." + l.fs, "-q"}, options...), l.img)...)
}

func (l *loopFS) mount(ctx context.Context, option string) error {
	o := "loop"
	if option != "" {
		o += "," + option
	}
	err := command(ctx, "mount", "-t", l.fs, "-o", o, l.img, l.mnt)
	l.mounted = err == nil
	return err
}

func (l *loopFS) umount(ctx context.Context) error {
	if !l.mounted {
		return nil
	}
	err := command(ctx, "umount", l.mnt)
	l.mounted = err != nil
	return err
}

// cut ends all writing to the disk at once.
func (l *loopFS) cut() error {
	d, err := os.Open(l.mnt)
	if err != nil {
		return err
	}
	if err := unix.IoctlSetPointerInt(int(d.Fd()), goingDown, noLogFlush); err != nil {
		return errors.Join(fmt.Errorf("shutdown ioctl: %w", err), d.Close())
	}
	return d.Close()
}

func command(ctx context.Context, argv ...string) error {
	if out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w: %s", argv, err, firstLines(string(out), 2))
	}
	return nil
}
