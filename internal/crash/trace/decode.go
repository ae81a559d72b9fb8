package trace

import (
	"fmt"
	"path/filepath"
	"strings"
)

// call is a system call with its arguments as text.
type call struct {
	p    *parser
	name string
	args []string
}

func (c call) arg(i int) string {
	if i < len(c.args) {
		return c.args[i]
	}
	return ""
}

// file reads argument i as a descriptor: its number, its path, and whether that
// is below root.
func (c call) file(i int) (fd int, path string, in bool) {
	fd, path = fdArg(c.arg(i))
	return fd, path, c.p.inside(path)
}

// path reads argument i as a path, relative to the directory in argument dir
// (none if negative), and says whether it is below root.
func (c call) path(dir, i int) (path string, in bool) {
	s, _, err := unquote(c.arg(i))
	if err != nil {
		return "", false // a pointer: nothing below root
	}
	path = string(s)
	if dir >= 0 && !filepath.IsAbs(path) {
		_, d := fdArg(c.arg(dir))
		path = filepath.Join(d, path)
	}
	path = filepath.Clean(path)
	return path, c.p.inside(path)
}

// decode makes op what the call did, or leaves it ignored.
func (p *parser) decode(text string, op *Op) error {
	name, args, ok := strings.Cut(text, "(")
	if !ok {
		return nil
	}
	op.Call = name
	c := call{p: p, name: name, args: split(args)}
	switch name {
	case "write", "pwrite64":
		return c.write(op)
	case "writev", "pwritev", "pwritev2":
		return c.writev(op)
	case "ftruncate", "truncate", "fallocate":
		c.truncate(op)
	case "fdatasync", "fsync", "sync", "syncfs":
		c.sync(op)
	case "open", "creat", "openat":
		c.open(op)
	case "rename", "renameat", "renameat2":
		c.rename(op)
	case "unlink", "unlinkat", "mkdir", "mkdirat":
		c.name1(op)
	default:
		c.unmodeled(op)
	}
	return nil
}

// set makes op an event if in says that its path is below root.
func set(op *Op, k Kind, path string, in bool) {
	if in {
		op.Kind, op.Path = k, path
	}
}

func (c call) write(op *Op) error {
	fd, path, in := c.file(0)
	said := !in && c.name == "write" && fd == 1
	if !in && !said {
		return nil
	}
	data, cut, err := unquote(c.arg(1))
	if err != nil {
		return err
	}
	if cut {
		return fmt.Errorf("%s: data cut short in the log: raise strace -s", c.name)
	}
	op.Data = data
	if said {
		op.Kind = Output
		return nil
	}
	op.Kind, op.Path, op.Off = Write, path, -1
	if c.name == "pwrite64" {
		op.Off, err = num(c.arg(3))
	}
	return err
}

func (c call) writev(op *Op) (err error) {
	fd, path, in := c.file(0)
	if !in && fd != 1 {
		return nil
	}
	for _, part := range strings.Split(c.arg(1), "iov_base=")[1:] {
		d, cut, err := unquote(part)
		if err != nil {
			return err
		}
		if cut {
			return fmt.Errorf("%s: data cut short in the log: raise strace -s", c.name)
		}
		op.Data = append(op.Data, d...)
	}
	if !in {
		op.Kind = Output
		return nil
	}
	op.Kind, op.Path, op.Off = Write, path, -1
	if c.name != "writev" {
		op.Off, err = num(c.arg(3))
	}
	return err
}

func (c call) truncate(op *Op) {
	if c.name == "truncate" {
		path, in := c.path(-1, 0)
		c.resize(op, path, in, c.arg(1))
		return
	}
	_, path, in := c.file(0)
	switch mode := c.arg(1); {
	case c.name == "ftruncate":
		c.resize(op, path, in, c.arg(1))
	case mode == "0":
		off, err1 := num(c.arg(2))
		n, err2 := num(c.arg(3))
		if err1 != nil || err2 != nil {
			set(op, Unmodeled, path, in)
			return
		}
		set(op, Trunc, path, in)
		op.Size = -(off + n)
	case !strings.Contains(mode, "KEEP_SIZE") || strings.Contains(mode, "PUNCH"):
		set(op, Unmodeled, path, in)
	}
}

func (c call) resize(op *Op, path string, in bool, size string) {
	n, err := num(size)
	if err != nil {
		set(op, Unmodeled, path, in)
		return
	}
	set(op, Trunc, path, in)
	op.Size = n
}

func (c call) sync(op *Op) {
	if c.name == "sync" || c.name == "syncfs" {
		op.Kind = SyncAll
		return
	}
	k := Sync
	_, path, in := c.file(0)
	if in && c.p.isDir(path) {
		k = SyncDir
	}
	set(op, k, path, in)
}

func (c call) open(op *Op) {
	dir, flags := -1, 1
	if c.name == "openat" {
		dir, flags = 0, 2
	}
	path, in := c.path(dir, flags-1)
	how := c.arg(flags)
	if c.name == "creat" {
		how = "O_CREAT|O_TRUNC"
	}
	op.Truncates = strings.Contains(how, "O_TRUNC")
	if op.Truncates || strings.Contains(how, "O_CREAT") {
		set(op, Create, path, in)
	}
}

func (c call) rename(op *Op) {
	from, fromIn := c.path(0, 1)
	to, toIn := c.path(2, 3)
	if c.name == "rename" {
		from, fromIn = c.path(-1, 0)
		to, toIn = c.path(-1, 1)
	}
	if fromIn != toIn { // a file that comes from or goes to where we do not look
		set(op, Unmodeled, from+" -> "+to, true)
		return
	}
	set(op, Rename, from, fromIn)
	op.Path2 = to
}

// name1 decodes the calls with one name.
func (c call) name1(op *Op) {
	k := Mkdir
	if strings.HasPrefix(c.name, "unlink") {
		k = Unlink
	}
	dir, i := -1, 0
	if strings.HasSuffix(c.name, "at") {
		dir, i = 0, 1
	}
	path, in := c.path(dir, i)
	set(op, k, path, in)
}

// unmodeled decodes the calls whose effect on the disk the model does not know.
func (c call) unmodeled(op *Op) {
	switch c.name {
	case "mmap":
		_, path, in := c.file(4)
		if strings.Contains(c.arg(2), "PROT_WRITE") && strings.Contains(c.arg(3), "MAP_SHARED") {
			set(op, Unmodeled, path, in) // stores through a mapping are invisible to strace
		}
	case "copy_file_range", "splice":
		_, path, in := c.file(2)
		set(op, Unmodeled, path, in)
	case "sendfile":
		_, path, in := c.file(0)
		set(op, Unmodeled, path, in)
	case "link":
		path, in := c.path(-1, 1)
		set(op, Unmodeled, path, in)
	case "linkat":
		path, in := c.path(2, 3)
		set(op, Unmodeled, path, in)
	case ringSetup:
		op.Kind = Unmodeled
	}
}

func (p *parser) inside(path string) bool {
	return path == p.root || strings.HasPrefix(path, p.root+"/")
}
