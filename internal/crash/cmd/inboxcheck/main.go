// Command inboxcheck judges an inboxwriter directory: inboxcheck DIR SAID, or
// inboxcheck -server. README.md beside go.mod has the protocol.
package main

import "github.com/anymarket-go/sdk/internal/crash/judge"

func main() { judge.Checker[*said]{Name: "inboxcheck", New: newSaid, Check: check}.Main() }
