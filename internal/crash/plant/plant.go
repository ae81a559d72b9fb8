// Package plant changes the library's source for the builds that the kit tests,
// by way of go build's -overlay: what ships has no switch for it.
package plant

import (
	"cmp"
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

// Where the packages are, seen from the directory of go.mod.
const (
	outboxDir   = "../../outbox"
	callbackDir = "../../anymarket/callback"
)

// edit replaces text that a file of a package must have once.
type edit struct {
	dir             string // outboxDir if empty
	file, old, with string
	bug             bool // of Planted alone
}

func edits() []edit {
	return []edit{
		// As quick and as small as the outbox of package content.
		{
			dir: callbackDir, file: "receiver.go", old: "CanaryInterval: idle,",
			with: "CanaryInterval: 5 * time.Millisecond, MinBackoff: time.Millisecond, MaxBackoff: 4 * time.Millisecond, MinFree: 1 << 20,",
		},
		{dir: callbackDir, file: "receiver.go", old: "HistoryBytes: r.config.MaxBytes / 2,", with: "HistoryBytes: 192 << 10,"},
		{file: "disk_unix.go", old: "initialMmap = 1 << 30", with: "initialMmap = 1 << 17"},
		{
			file: "commit.go", old: "func (o *Outbox) commitGroup(group []*request) {",
			with: "func (o *Outbox) commitGroup(group []*request) {\n\tonCommitThread(func() { o.commitGroupThere(group) })\n}\n\nfunc (o *Outbox) commitGroupThere(group []*request) {",
		},
		{
			bug: true, dir: callbackDir, file: "receiver.go", old: "\tif err := r.accept(ctx, n, account); err != nil {\n",
			with: "\tif outbox.PlantedBug == \"answerearly\" {\n\t\tgo r.accept(context.WithoutCancel(ctx), n, account)\n\t\treturn \"\"\n\t}\n\tif err := r.accept(ctx, n, account); err != nil {\n",
		},
		{
			bug: true, dir: callbackDir, file: "handle.go", old: "return merge(older, newer), nil",
			with: "if outbox.PlantedBug == \"nomerge\" {\n\t\t\treturn newer, nil\n\t\t}\n\t\treturn merge(older, newer), nil",
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

// Overlay writes the changed files of the library below dir and returns the path of
// the file for -overlay. It is for the directory of go.mod.
func Overlay(dir string, variant Variant) (string, error) {
	if variant != Traced && variant != Planted {
		return "", fmt.Errorf("no variant %q", variant)
	}
	dir, err := filepath.Abs(filepath.Join(dir, string(variant)))
	if err := errors.Join(err, os.MkdirAll(dir, 0o700)); err != nil {
		return "", err
	}
	sources := map[string]string{filepath.Join(outboxDir, addedFile): added}
	for _, e := range edits() {
		if e.bug && variant != Planted {
			continue
		}
		file := filepath.Join(cmp.Or(e.dir, outboxDir), e.file)
		source, ok := sources[file]
		if !ok {
			b, err := os.ReadFile(file)
			if err != nil {
				return "", err
			}
			source = string(b)
		}
		if n := strings.Count(source, e.old); n != 1 {
			return "", fmt.Errorf("%s has %d times what is to be changed, adapt package plant: %s", file, n, e.old)
		}
		sources[file] = strings.Replace(source, e.old, e.with, 1)
	}
	replace := map[string]string{}
	for file, source := range sources {
		path := filepath.Join(dir, strings.ReplaceAll(strings.TrimPrefix(file, "../../"), "/", "_"))
		if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
			return "", err
		}
		original, err := filepath.Abs(file)
		if err != nil {
			return "", err
		}
		replace[original] = path
	}
	b, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, b, 0o600)
}
