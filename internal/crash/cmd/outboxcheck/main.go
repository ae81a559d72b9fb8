// Command outboxcheck judges an outboxwriter directory: outboxcheck DIR SAID, or
// outboxcheck -server. README.md beside go.mod has the protocol.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func run(args []string) (err error) {
	server := len(args) == 1 && args[0] == "-server"
	if !server && len(args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: outboxcheck DIR SAID | outboxcheck -server")
		os.Exit(2)
	}
	memory := "/dev/shm"
	if _, err := os.Stat(memory); err != nil {
		memory = ""
	}
	scratch, err := os.MkdirTemp(memory, "outboxcheck-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	j := judge{scratch: scratch}
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
type judge struct {
	scratch string
	said    *said // of the directory before; the next one's mostly goes on from there
}

// judge returns why the outbox in dir does not keep what was said. It works on
// a copy, since the writer may have to go on in dir.
func (j *judge) judge(dir, saidFile string) (err error) {
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
	if j.said == nil || !j.said.goesOn(text) {
		j.said = newSaid()
	}
	if err := j.said.read(text); err != nil {
		j.said = nil
		return err
	}
	img := filepath.Join(j.scratch, "img")
	if err := copyFiles(dir, img); err != nil {
		return err
	}
	return check(filepath.Join(img, "db"), j.said)
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
