package drill

import (
	"bytes"
	"fmt"
	"os"
	"time"
)

// readInput takes a user's operations for the day, spread evenly over it. Lines
// that cannot be read are played too: the client has to refuse them.
func readInput(path string, s schedule) ([]*operation, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var ops []*operation
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		o, err := parse(line)
		if err != nil {
			o.op = ""
		}
		ops = append(ops, o)
	}
	if len(ops) == 0 {
		return nil, fmt.Errorf("%s: no operations in it", path)
	}
	for i, o := range ops {
		o.at = s.day() * time.Duration(i) / time.Duration(len(ops))
	}
	return ops, nil
}
