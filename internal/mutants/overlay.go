package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// overlay writes changed sources below dir and returns the path of the file that
// go build takes with -overlay.
func overlay(root, dir string, sources map[string]string) (string, error) {
	replace := map[string]string{}
	for file, source := range sources {
		path := filepath.Join(dir, strconv.Itoa(len(replace))+".go")
		if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(root, filepath.FromSlash(file))] = path
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, text, 0o600)
}

// command is the go command in the module's root. When ctx ends it is
// interrupted, so that it ends its tests.
func command(ctx context.Context, root string, args ...string) *exec.Cmd {
	const patience = 10 * time.Second
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.WaitDelay = root, patience
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	return cmd
}

// moduleRoot is the folder of go.mod.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := command(ctx, "", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	file := strings.TrimSpace(string(out))
	if filepath.Base(file) != "go.mod" {
		return "", errors.New("run it within the module")
	}
	return filepath.Dir(file), nil
}

// build compiles the packages that the patches touch, with all patches at once
// that fit on each other: there are many, and it takes seconds otherwise.
func build(ctx context.Context, root, dir string, patches []patch) error {
	for len(patches) > 0 {
		var together, left []patch
		sources := map[string]string{}
		for _, p := range patches {
			err := p.apply(root, sources)
			switch {
			case err == nil:
				together = append(together, p)
			case len(together) == 0:
				return err
			default:
				left = append(left, p)
			}
		}
		if err := buildTogether(ctx, root, dir, together, sources); err != nil {
			if len(together) == 1 {
				return fmt.Errorf("patch %s: %w", together[0].name, err)
			}
			half := len(together) / 2
			err := errors.Join(build(ctx, root, dir, together[:half]), build(ctx, root, dir, together[half:]))
			if err != nil {
				return err
			}
		}
		patches = left
	}
	return nil
}

func buildTogether(ctx context.Context, root, dir string, patches []patch, sources map[string]string) error {
	file, err := overlay(root, dir, sources)
	if err != nil {
		return err
	}
	args := []string{"build", "-overlay", file}
	for _, p := range patches {
		args = append(args, p.packages()...)
	}
	if out, err := command(ctx, root, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%w:\n%s", errNoBuild, out)
	}
	return nil
}
