package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// part is one thing that is measured.
type part struct {
	name, title string
	run         func(context.Context, *session) ([]table, error)
}

func parts() []part {
	return []part{
		{"accept", "Durable accept, beside peers at equal durability", accept},
		{"mixed", "Accept and settle at once", mixed},
		{"backlog", "A backlog: open, first call, drain, memory, file", backlog},
		{"happy", "What a call costs while all is well", happy},
		{"replay", "Replay of a window, and fairness, in virtual time", replayed},
	}
}

func partNames() []string {
	names := make([]string, 0, len(parts()))
	for _, p := range parts() {
		names = append(names, p.name)
	}
	return names
}

// choose returns the parts of a list of names; all of them if it is empty.
func choose(only string) (chosen []part, err error) {
	if only == "" {
		return parts(), nil
	}
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(parts(), func(p part) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no part is called %q, there are %s", name, strings.Join(partNames(), ", "))
		}
		chosen = append(chosen, parts()[i])
	}
	return chosen, nil
}
