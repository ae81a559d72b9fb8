// Command boltcheck judges a boltwriter directory: boltcheck DIR SAID, or
// boltcheck -server (see crashkit's checker.go for the protocol).
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "-server" {
		if err := serve(); err != nil {
			fmt.Fprintln(os.Stderr, "boltcheck:", err)
			os.Exit(1)
		}
		return
	}
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: boltcheck DIR SAID | boltcheck -server")
		os.Exit(2)
	}
	if err := check(os.Args[1], os.Args[2]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func serve() error {
	sc := bufio.NewScanner(os.Stdin)
	for sc.Scan() {
		dir, said, _ := strings.Cut(sc.Text(), "\t")
		answer := "ok"
		if err := check(dir, said); err != nil {
			answer = "fail " + strings.ReplaceAll(err.Error(), "\n", " | ")
		}
		if _, err := fmt.Println(answer); err != nil {
			return err
		}
	}
	return sc.Err()
}
