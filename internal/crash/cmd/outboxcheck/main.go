// Command outboxcheck judges an outboxwriter directory: outboxcheck DIR SAID, or
// outboxcheck -server. README.md beside go.mod has the protocol.
package main

import "github.com/anymarket-go/sdk/internal/crash/judge"

func main() { judge.Checker[*said]{Name: "outboxcheck", New: newSaid, Check: check}.Main() }
