// Command plant writes an overlay for go build and prints its path:
// plant traced|planted DIR, in the directory of go.mod.
package main

import (
	"fmt"
	"os"

	"github.com/anymarket-go/sdk/internal/crash/plant"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: plant traced|planted DIR")
		os.Exit(2)
	}
	path, err := plant.Overlay(os.Args[2], plant.Variant(os.Args[1]))
	if err != nil {
		fmt.Fprintln(os.Stderr, "plant:", err)
		os.Exit(1)
	}
	fmt.Println(path)
}
