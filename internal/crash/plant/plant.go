// Package plant changes the library's source for the builds that the kit tests,
// by way of go build's -overlay: what ships has no switch for it.
package plant

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Variant is a build of the library.
type Variant string

const (
	// Traced commits on one thread, because strace counts the calls that it
	// makes fail per thread, and keeps the file small, because images are
	// copied whole. Otherwise it is the code that ships.
	Traced Variant = "traced"
	// Planted is Traced with bugs, chosen by outbox.PlantedBug.
	Planted Variant = "planted"
)

// edit replaces text that a file of the package outbox must have once.
type edit struct {
	file, old, with string
	bug             bool // of Planted alone
}

func edits() []edit {
	return []edit{
		{file: "disk_unix.go", old: "initialMmap = 1 << 30", with: "initialMmap = 1 << 17"},
		{
			file: "commit.go", old: "func (o *Outbox) commitGroup(group []*request) {",
			with: "func (o *Outbox) commitGroup(group []*request) {\n\tonCommitThread(func() { o.commitGroupThere(group) })\n}\n\nfunc (o *Outbox) commitGroupThere(group []*request) {",
		},
		{bug: true, file: "store.go", old: "NoSync:          noSync,", with: `NoSync:          noSync || PlantedBug == "nosync",`},
		{
			bug: true, file: "disk_unix.go", old: "func syncDir(dir string) error {",
			with: "func syncDir(dir string) error {\n\tif PlantedBug == \"nodirsync\" {\n\t\treturn nil\n\t}",
		},
		{
			bug: true, file: "store.go", old: `db, err := bbolt.Open(s.path+".new", 0o600, boltOptions(s.noSync))`,
			with: "fresh := s.path + \".new\"\n\tif PlantedBug == \"rawinit\" {\n\t\tfresh = s.path\n\t}\n\tdb, err := bbolt.Open(fresh, 0o600, boltOptions(s.noSync))",
		},
		{
			bug: true, file: "store.go", old: "func (s *store) putInPlace() error {",
			with: "func (s *store) putInPlace() error {\n\tif PlantedBug == \"rawinit\" {\n\t\treturn nil\n\t}",
		},
		{
			bug: true, file: "commit.go", old: "after, err := o.store.lastCommit()\n",
			with: "if PlantedBug == \"goon\" && t.err == nil {\n\t\treturn errors.Join(cause, o.reload())\n\t}\n\tafter, err := o.store.lastCommit()\n",
		},
		{
			bug: true, file: "commit.go", old: "\t\terr = o.store.commit(t)\n",
			with: "\t\tif PlantedBug == \"ackearly\" {\n\t\t\tfor _, e := range o.pendingEvents {\n\t\t\t\to.tell(e)\n\t\t\t}\n\t\t\to.pendingEvents = nil\n\t\t}\n\t\terr = o.store.commit(t)\n",
		},
	}
}

const addedFile = "planted.go"

const added = `package outbox

import (
	"runtime"
	"sync"
)

// PlantedBug names the bug.
var PlantedBug string

var commitThread = sync.OnceValue(func() chan func() {
	c := make(chan func())
	go func() {
		runtime.LockOSThread()
		for fn := range c {
			fn()
		}
	}()
	return c
})

func onCommitThread(fn func()) {
	done := make(chan struct{})
	commitThread() <- func() { defer close(done); fn() }
	<-done
}
`

// Overlay writes the changed files of the package in outboxDir below dir and
// returns the path of the file for -overlay.
func Overlay(outboxDir, dir string, variant Variant) (string, error) {
	if variant != Traced && variant != Planted {
		return "", fmt.Errorf("no variant %q", variant)
	}
	outboxDir, err1 := filepath.Abs(outboxDir)
	dir, err2 := filepath.Abs(filepath.Join(dir, string(variant)))
	if err := errors.Join(err1, err2, os.MkdirAll(dir, 0o700)); err != nil {
		return "", err
	}
	sources := map[string]string{addedFile: added}
	for _, e := range edits() {
		if e.bug && variant != Planted {
			continue
		}
		source, ok := sources[e.file]
		if !ok {
			b, err := os.ReadFile(filepath.Join(outboxDir, e.file))
			if err != nil {
				return "", err
			}
			source = string(b)
		}
		if n := strings.Count(source, e.old); n != 1 {
			return "", fmt.Errorf("%s has %d times what is to be changed, adapt package plant: %s", e.file, n, e.old)
		}
		sources[e.file] = strings.Replace(source, e.old, e.with, 1)
	}
	replace := map[string]string{}
	for name, source := range sources {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(outboxDir, name)] = path
	}
	b, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, b, 0o600)
}
