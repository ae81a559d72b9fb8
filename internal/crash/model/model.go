// Package model replays a storage trace and says which states a disk may be in
// when the power goes at a given moment.
//
// The model, in short:
//   - A write, truncate or extension is pending from the moment the call starts.
//     A pending change may be on disk in whole, in part (by sectors) or not at
//     all, in any combination and order; the last version chosen for a sector
//     wins.
//   - fsync/fdatasync of a file makes durable what had returned before the sync
//     call started; durable from the moment the sync returns without error.
//   - A sync that fails leaves what it covered in limbo for ever: it may be on
//     disk or not, and no later sync will help, because Linux marks the pages
//     clean ("fsyncgate"). Only a later synced write to the same bytes does.
//   - Names (create, rename, unlink) reach the disk in order, so a prefix of the
//     pending ones is there. Strict: they are durable after fsync of the
//     directory only, as POSIX has it. Journal: also after fsync of a file
//     they concern, with all earlier ones, as ext4 and XFS do it.
//
// Not modeled: stores through a shared writable mapping, io_uring, hole
// punching, hard links, misdirected or corrupted sectors, a lying disk cache.
package model

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/anymarket-go/sdk/internal/crash/trace"
)

// File is one inode.
type File struct {
	id      int
	size    int64  // as the running program sees it
	durable []byte // content that is surely on disk
}

type change struct {
	f     *File
	op    *trace.Op
	trunc bool
	grow  bool // fallocate: never shrinks
	off   int64
	data  []byte
	size  int64
	limbo bool // a sync failed; only a later write of the same bytes can help

	durable bool // some sync made it so
}

type nameChange struct {
	op        *trace.Op
	add       string // link add -> f
	remove    string
	f         *File
	concerned []*File
}

// Disk is the replay state at one moment.
type Disk struct {
	Strict  bool
	names   map[string]*File // as the program sees it
	durable map[string]*File // names surely on disk
	pend    []*change
	pendN   []*nameChange
	Output  []byte // what the program had said
	nextID  int
}

// New makes a disk whose durable content is base (paths absolute).
func New(base map[string][]byte, strict bool) *Disk {
	d := &Disk{Strict: strict, names: map[string]*File{}, durable: map[string]*File{}}
	for _, p := range slices.Sorted(maps.Keys(base)) {
		f := d.newFile()
		f.durable, f.size = slices.Clone(base[p]), int64(len(base[p]))
		d.names[p], d.durable[p] = f, f
	}
	return d
}

func (d *Disk) newFile() *File { d.nextID++; return &File{id: d.nextID} }

// Pending counts the changes that may or may not be on disk.
func (d *Disk) Pending() (file, name int) { return len(d.pend), len(d.pendN) }

// Point is a moment at which the power may go.
type Point struct {
	Index int
	Line  int
	What  string
}

// event is the start of an operation, or the end of a sync.
type event struct {
	line int
	end  bool
	op   *trace.Op
}

// cover is what a sync makes durable if it succeeds.
type cover struct {
	changes []*change
	names   []*nameChange
}

// Replay walks the trace and calls at for every crash point: before and after
// each sync, after each output, and at the end. It stops at the first error.
func Replay(d *Disk, ops []trace.Op, at func(Point) error) error {
	r := &replay{d: d, at: at, covers: map[*trace.Op]cover{}}
	for _, e := range events(ops) {
		if err := r.step(e); err != nil {
			return err
		}
	}
	return r.point(trace.Never, "end")
}

func events(ops []trace.Op) []event {
	var evs []event
	for i := range ops {
		o := &ops[i]
		evs = append(evs, event{line: o.Start, op: o})
		if o.Kind.IsSync() && o.End != trace.Never {
			evs = append(evs, event{line: o.End, end: true, op: o})
		}
	}
	slices.SortStableFunc(evs, func(a, b event) int { return cmp.Compare(a.line, b.line) })
	return evs
}

type replay struct {
	d      *Disk
	at     func(Point) error
	points int
	covers map[*trace.Op]cover // of the syncs under way
}

func (r *replay) point(line int, what string) error {
	r.points++
	return r.at(Point{Index: r.points, Line: line, What: what})
}

func (r *replay) step(e event) error {
	o := e.op
	switch {
	case o.Kind.IsSync() && !e.end:
		r.covers[o] = r.d.covered(o)
		return r.point(e.line, "before "+o.Call)
	case o.Kind.IsSync():
		c := r.covers[o]
		delete(r.covers, o)
		if o.Errno == "" {
			r.d.commit(c)
			return r.point(e.line, "after "+o.Call)
		}
		for _, ch := range c.changes {
			ch.limbo = true
		}
		return r.point(e.line, "after failed "+o.Call)
	case o.Errno != "":
		return nil
	case o.Kind == trace.Output:
		r.d.Output = append(r.d.Output, o.Data...)
		return r.point(e.line, "after output")
	case o.Kind == trace.Unmodeled:
		return fmt.Errorf("line %d: %s on %s is outside the model", o.Start, o.Call, o.Path)
	}
	r.d.issue(o)
	return nil
}

// issue makes the effect of a call visible to the program, and pending.
func (d *Disk) issue(o *trace.Op) {
	switch o.Kind {
	case trace.Write:
		d.write(o)
	case trace.Trunc:
		d.truncate(o)
	case trace.Create:
		d.create(o)
	case trace.Rename:
		d.rename(o)
	case trace.Unlink:
		if f := d.names[o.Path]; f != nil {
			delete(d.names, o.Path)
			d.pendN = append(d.pendN, &nameChange{op: o, remove: o.Path, concerned: []*File{f}})
		}
	default: // directories are made for the files in them; the rest is not for issue
	}
}

func (d *Disk) write(o *trace.Op) {
	f := d.names[o.Path]
	if f == nil || len(o.Data) == 0 {
		return
	}
	off := o.Off
	if off < 0 { // write(2): append; right for logs and files written front to back
		off = f.size
	}
	f.size = max(f.size, off+int64(len(o.Data)))
	d.pend = append(d.pend, &change{f: f, op: o, off: off, data: o.Data})
}

func (d *Disk) truncate(o *trace.Op) {
	f := d.names[o.Path]
	if f == nil {
		return
	}
	size, grow := o.Size, false
	if size < 0 {
		if size, grow = -size, true; size <= f.size {
			return
		}
	}
	f.size = size
	d.pend = append(d.pend, &change{f: f, op: o, trunc: true, grow: grow, size: size})
}

func (d *Disk) create(o *trace.Op) {
	if f := d.names[o.Path]; f != nil {
		if o.Truncates && f.size > 0 {
			f.size = 0
			d.pend = append(d.pend, &change{f: f, op: o, trunc: true})
		}
		return
	}
	f := d.newFile()
	d.names[o.Path] = f
	d.pendN = append(d.pendN, &nameChange{op: o, add: o.Path, f: f, concerned: []*File{f}})
}

func (d *Disk) rename(o *trace.Op) {
	f := d.names[o.Path]
	if f == nil {
		return
	}
	nc := &nameChange{op: o, add: o.Path2, remove: o.Path, f: f, concerned: []*File{f}}
	if old := d.names[o.Path2]; old != nil {
		nc.concerned = append(nc.concerned, old)
	}
	delete(d.names, o.Path)
	d.names[o.Path2] = f
	d.pendN = append(d.pendN, nc)
}

// covered lists what the sync makes durable if it succeeds: changes that had
// returned before it started.
func (d *Disk) covered(o *trace.Op) cover {
	var cs []*change
	f := d.names[o.Path]
	for _, c := range d.pend {
		if c.op.End < o.Start && !c.limbo && (o.Kind == trace.SyncAll || (o.Kind == trace.Sync && c.f == f)) {
			cs = append(cs, c)
		}
	}
	dir := func(p string) bool { return p != "" && filepath.Dir(p) == o.Path }
	last := -1
	for i, n := range d.pendN {
		if n.op.End >= o.Start {
			break
		}
		switch {
		case o.Kind == trace.SyncAll,
			o.Kind == trace.SyncDir && (dir(n.add) || dir(n.remove)),
			o.Kind == trace.Sync && !d.Strict && slices.Contains(n.concerned, f):
			last = i
		}
	}
	return cover{changes: cs, names: slices.Clone(d.pendN[:last+1])}
}

func (d *Disk) commit(c cover) {
	done, fresh := map[*change]bool{}, map[*File]bool{}
	for _, ch := range c.changes {
		// A sync that ran beside this one may have been first, or have failed.
		if ch.durable || ch.limbo {
			continue
		}
		if done[ch], ch.durable = true, true; !fresh[ch.f] { // images share the old bytes
			ch.f.durable, fresh[ch.f] = slices.Clone(ch.f.durable), true
		}
		ch.f.durable = ch.apply(ch.f.durable, nil)
	}
	d.pend = slices.DeleteFunc(d.pend, func(ch *change) bool { return done[ch] })
	d.pend = d.dropOverwritten(d.pend, c.changes)
	for _, n := range c.names {
		if i := slices.Index(d.pendN, n); i >= 0 {
			n.apply(d.durable)
			d.pendN = slices.Delete(d.pendN, i, i+1)
		}
	}
}

// dropOverwritten forgets limbo writes whose bytes a now durable later write
// has replaced in whole.
func (d *Disk) dropOverwritten(pend, durable []*change) []*change {
	return slices.DeleteFunc(pend, func(p *change) bool {
		if !p.limbo || p.trunc {
			return false
		}
		for _, c := range durable {
			if !c.trunc && c.f == p.f && c.op.Start > p.op.End &&
				c.off <= p.off && c.off+int64(len(c.data)) >= p.off+int64(len(p.data)) {
				return true
			}
		}
		return false
	})
}

func (n *nameChange) apply(m map[string]*File) {
	if n.remove != "" {
		delete(m, n.remove)
	}
	if n.add != "" {
		m[n.add] = n.f
	}
}
