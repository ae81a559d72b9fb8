// Package judge is what the checkers have in common: the protocol, in README.md
// beside go.mod, and what may have become of an entry whose fate was said.
package judge

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
)

// Said is all that a writer said, taken in line by line.
type Said interface {
	// Line takes in the words of a line. What contradicts what was said before is
	// an error already.
	Line(words []string) error
}

// Checker is a command that judges.
type Checker[S Said] struct {
	Name string
	// New is of a writer that said nothing yet.
	New func() S
	// Check returns why the store in dir, which is a copy, does not keep what was
	// said. It changes nothing of what was said.
	Check func(dir string, said S) error
}

// Main is the main function of a checker.
func (c Checker[S]) Main() {
	if err := c.run(os.Args[1:]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func (c Checker[S]) run(args []string) (err error) {
	server := len(args) == 1 && args[0] == "-server"
	if !server && len(args) != 2 {
		fmt.Fprintf(os.Stderr, "usage: %s DIR SAID | %s -server\n", c.Name, c.Name)
		os.Exit(2)
	}
	memory := "/dev/shm"
	if _, err := os.Stat(memory); err != nil {
		memory = ""
	}
	scratch, err := os.MkdirTemp(memory, c.Name+"-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	j := judge[S]{Checker: c, scratch: scratch}
	if !server {
		return j.judge(args[0], args[1])
	}
	sc := bufio.NewScanner(os.Stdin)
	for sc.Scan() {
		dir, said, _ := strings.Cut(sc.Text(), "\t")
		answer := "ok"
		if err := j.judge(dir, said); err != nil {
			answer = "fail " + strings.ReplaceAll(err.Error(), "\n", " | ")
		}
		if _, err := fmt.Println(answer); err != nil {
			return err
		}
	}
	return sc.Err()
}

// judge judges one directory after the other.
type judge[S Said] struct {
	Checker[S]
	scratch string
	// What was said before the crash of the directory before; the next one's
	// mostly goes on from there.
	said S
	text []byte
	some bool // there is such a thing
}

// judge returns why the store in dir does not keep what was said. It works on
// a copy, since the writer may have to go on in dir.
func (j *judge[S]) judge(dir, saidFile string) (err error) {
	debug.SetPanicOnFault(true) // a mapping past the end of the file is a failure, not our death
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	text, err := os.ReadFile(saidFile)
	if err != nil {
		return err
	}
	if err := j.read(text); err != nil {
		j.some = false
		return err
	}
	img := filepath.Join(j.scratch, "img")
	if err := copyFiles(dir, img); err != nil {
		return err
	}
	return j.Check(img, j.said)
}

// read takes in what text has more than the one before, or all of it.
func (j *judge[S]) read(text []byte) error {
	if !j.some || !bytes.HasPrefix(text, j.text) {
		j.said, j.text, j.some = j.New(), nil, true
	}
	rest := text[len(j.text):]
	j.text = text
	for line := range strings.Lines(string(rest)) {
		line = strings.TrimSuffix(line, "\n")
		if err := j.said.Line(strings.Split(line, " ")); err != nil {
			return fmt.Errorf("said %q: %w", line, err)
		}
	}
	return nil
}

// copyFiles makes to a copy of the files in from, which need not exist.
func copyFiles(from, to string) error {
	if err := errors.Join(os.RemoveAll(to), os.Mkdir(to, 0o700)); err != nil {
		return err
	}
	files, err := os.ReadDir(from)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, f := range files {
		if !f.Type().IsRegular() {
			continue
		}
		b, err := os.ReadFile(filepath.Join(from, f.Name()))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, f.Name()), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}
