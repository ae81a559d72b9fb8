package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// patch is a planted bug.
type patch struct {
	name     string
	sentence string     // what is wrong
	caughtBy [][]string // arguments of go test, one by one
	hangs    bool
	hunks    []hunk
}

// hunk is one change of a file.
type hunk struct {
	file     string // slashes, from the module's root
	old, new string
}

// readPatches reads the patches of a folder, in the order of their names.
func readPatches(dir string) ([]patch, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.patch"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("no patches in %s", dir)
	}
	var patches []patch
	for _, path := range paths { // sorted, see Glob
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		p, err := parse(strings.TrimSuffix(filepath.Base(path), ".patch"), string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		patches = append(patches, p)
	}
	return patches, nil
}

func parse(name, text string) (patch, error) {
	p := patch{name: name}
	head, diff, ok := strings.Cut(text, "\n--- ")
	if !ok {
		return p, errors.New("has no diff")
	}
	for line := range strings.Lines(head) {
		line = strings.TrimSpace(line)
		key, value, _ := strings.Cut(line, ": ")
		switch {
		case line == "":
		case key == "caught by":
			p.caughtBy = append(p.caughtBy, arguments(value))
		case line == "hangs: yes":
			p.hangs = true
		case p.sentence == "":
			p.sentence = line
		default:
			return p, fmt.Errorf("is neither \"caught by: \" nor \"hangs: yes\": %s", line)
		}
	}
	if p.sentence == "" || !strings.HasSuffix(p.sentence, ".") {
		return p, errors.New("does not begin with a sentence that says what is wrong")
	}
	if len(p.caughtBy) == 0 {
		return p, errors.New("does not say what it is caught by")
	}
	var err error
	p.hunks, err = parseDiff("--- " + diff)
	return p, err
}

// arguments splits what would be typed behind go test; quotes only keep the shell
// from the regular expression.
func arguments(line string) []string {
	args := strings.Fields(line)
	for i := range args {
		args[i] = strings.Trim(args[i], "'")
	}
	return args
}

func parseDiff(diff string) ([]hunk, error) {
	var hunks []hunk
	file := ""
	for line := range strings.Lines(diff) {
		kind, rest := line[0], line[1:]
		switch {
		case strings.HasPrefix(line, "--- a/"), line == "\n":
		case strings.HasPrefix(line, "+++ b/"):
			file = strings.TrimSpace(strings.TrimPrefix(line, "+++ b/"))
		case strings.HasPrefix(line, "@@ ") && file != "":
			hunks = append(hunks, hunk{file: file})
		case len(hunks) == 0 || !strings.ContainsRune(" -+", rune(kind)):
			return nil, fmt.Errorf("is no line of a unified diff: %s", strings.TrimSpace(line))
		default:
			h := &hunks[len(hunks)-1]
			if kind != '+' {
				h.old += rest
			}
			if kind != '-' {
				h.new += rest
			}
		}
	}
	for _, h := range hunks {
		if h.old == h.new {
			return nil, fmt.Errorf("has a hunk of %s that changes nothing", h.file)
		}
	}
	if len(hunks) == 0 {
		return nil, errors.New("has no hunk")
	}
	return hunks, nil
}

// apply makes the changes in sources, by file, where files that are not there yet
// are read from below root. After an error sources are as they were.
func (p *patch) apply(root string, sources map[string]string) error {
	changed := maps.Clone(sources)
	for _, h := range p.hunks {
		source, ok := changed[h.file]
		if !ok {
			text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(h.file)))
			if err != nil {
				return fmt.Errorf("patch %s does not fit: %w", p.name, err)
			}
			source = string(text)
		}
		if n := strings.Count("\n"+source, "\n"+h.old); n != 1 {
			return fmt.Errorf("patch %s does not fit any more, adapt it: %s has %d times:\n%s", p.name, h.file, n, h.old)
		}
		changed[h.file] = strings.TrimPrefix(strings.Replace("\n"+source, "\n"+h.old, "\n"+h.new, 1), "\n")
	}
	maps.Copy(sources, changed)
	return nil
}

// packages are those that the patch touches, as go build takes them.
func (p *patch) packages() []string {
	var dirs []string
	for _, h := range p.hunks {
		dirs = append(dirs, "./"+h.file[:strings.LastIndexByte(h.file, '/')+1])
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}
