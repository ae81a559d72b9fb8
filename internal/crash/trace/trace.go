// Package trace turns an strace log (strace -f -y -xx) into an ordered list of
// storage events below one root directory, plus everything the program said on
// its standard output.
//
// Each system call yields an interval [Start, End] in log-line numbers. Line
// numbers give the only ordering that is used later: B happened after A only if
// B.Start > A.End. A call that never returned (the program was killed inside
// it) has End = Never.
package trace

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"strings"
)

const ringSetup = "io_uring_setup"

// Never is the End of a call that did not return.
const Never = math.MaxInt

// Kind of a storage event.
type Kind int

// The kinds, with the fields of Op that belong to each.
const (
	Write     Kind = iota // Path, Off, Data
	Trunc                 // Path, Size
	Create                // Path (the open created it, or may have)
	Rename                // Path -> Path2
	Unlink                // Path
	Mkdir                 // Path
	Sync                  // Path: fsync/fdatasync of a file
	SyncDir               // Path: fsync of a directory
	SyncAll               // sync(2), syncfs(2)
	Output                // Data written to standard output
	Unmodeled             // Path, Call: something this harness does not model

	ignored Kind = -1 // a call that changes nothing below root
)

func (k Kind) String() string {
	return [...]string{
		"write", "trunc", "create", "rename", "unlink", "mkdir",
		"sync", "syncdir", "syncall", "output", "unmodeled",
	}[k]
}

// IsSync says whether the event can make others durable.
func (k Kind) IsSync() bool { return k == Sync || k == SyncDir || k == SyncAll }

// Op is one event.
type Op struct {
	Kind        Kind
	Call        string
	Start, End  int
	Path, Path2 string
	Off         int64 // -1: at the file position, which the model takes to be the end
	Size        int64 // negative: grow to -Size, never shrink
	Data        []byte
	Errno       string // not empty: the call failed
	Truncates   bool   // open(2) with O_TRUNC
}

// Syscalls is the -e trace= list that Parse understands.
const Syscalls = "open,openat,creat,write,pwrite64,writev,pwritev,pwritev2,ftruncate,truncate," +
	"fallocate,fdatasync,fsync,msync,sync_file_range,sync,syncfs,rename,renameat,renameat2," +
	"unlink,unlinkat,link,linkat,mkdir,mkdirat,copy_file_range,sendfile,splice,mmap," + ringSetup

// Parse reads the log. Paths outside root are dropped, except output (fd 1).
// isDir tells whether a path below root is a directory (for fsync).
func Parse(r io.Reader, root string, isDir func(string) bool) ([]Op, error) {
	p := &parser{root: filepath.Clean(root), isDir: isDir, open: map[string]*pending{}}
	br := bufio.NewReaderSize(r, 1<<20)
	for {
		line, err := br.ReadString('\n')
		if line = strings.TrimRight(line, "\n"); line != "" {
			p.line++
			if e := p.feed(line); e != nil {
				return nil, fmt.Errorf("trace line %d: %w", p.line, e)
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	ops := make([]Op, 0, len(p.ops))
	for _, o := range p.ops {
		if o.Kind != ignored && !o.ringNeverMade() {
			ops = append(ops, *o)
		}
	}
	return ops, nil
}

// ringNeverMade: a program has no ring before the call for one returns. Of a thread
// that ends strace may show such a call, with what was left in its registers.
func (o *Op) ringNeverMade() bool { return o.Call == ringSetup && o.End == Never }

// pending is a call without its return yet.
type pending struct {
	op   Op
	text string
}

type parser struct {
	root  string
	isDir func(string) bool
	line  int
	open  map[string]*pending // by thread id
	ops   []*Op
}

func (p *parser) feed(line string) error {
	tid, rest, ok := strings.Cut(line, " ")
	if !ok {
		return nil
	}
	rest = strings.TrimLeft(rest, " ")
	switch {
	case strings.HasPrefix(rest, "+++"), strings.HasPrefix(rest, "---"):
		return nil
	case strings.HasPrefix(rest, "<... "):
		pd := p.open[tid]
		delete(p.open, tid)
		if pd == nil {
			return nil
		}
		_, tail, _ := strings.Cut(rest, " resumed>")
		return p.finish(pd.text+tail, pd)
	case strings.HasSuffix(rest, "<unfinished ...>"):
		pd := &pending{text: strings.TrimSuffix(rest, "<unfinished ...>")}
		p.open[tid] = pd
		return p.begin(pd)
	default:
		return p.finish(rest, &pending{text: rest, op: Op{Start: p.line, Kind: ignored}})
	}
}

// begin records the start of a call. Its arguments are decoded in finish, once
// all are known; for a call that never returns, begin's text has to do.
func (p *parser) begin(pd *pending) error {
	pd.op = Op{Start: p.line, End: Never, Kind: ignored}
	if err := p.decode(pd.text, &pd.op); err != nil {
		return err
	}
	if pd.op.Kind != ignored {
		p.ops = append(p.ops, &pd.op)
	}
	return nil
}

func (p *parser) finish(text string, pd *pending) error {
	had := pd.op.Kind != ignored
	op := Op{Start: pd.op.Start, End: p.line, Kind: ignored}
	if err := p.decode(text, &op); err != nil {
		return err
	}
	ret, errno := result(text)
	op.Errno = errno
	if ret == "?" { // killed inside the call
		op.End = Never
	}
	if op.Kind == Write || op.Kind == Output {
		if n, err := strconv.ParseInt(ret, 10, 64); err == nil && n >= 0 && int(n) < len(op.Data) {
			op.Data = op.Data[:n] // short write
		}
	}
	pd.op = op
	if !had && op.Kind != ignored {
		p.ops = append(p.ops, &pd.op)
	}
	return nil
}

// result reads what is behind the call: "= 0", "= -1 EIO (Input/output error)".
func result(text string) (ret, errno string) {
	i := strings.LastIndex(text, ") = ")
	if i < 0 {
		// strace pads: ")      = 0"
		if i = strings.LastIndex(text, " = "); i < 0 {
			return "", ""
		}
		i--
	}
	f := strings.Fields(text[i+3:])
	if len(f) > 0 && f[0] == "=" {
		f = f[1:]
	}
	if len(f) == 0 {
		return "", ""
	}
	ret, _, _ = strings.Cut(f[0], "<")
	if ret == "-1" && len(f) > 1 {
		errno = f[1]
	}
	return ret, errno
}
