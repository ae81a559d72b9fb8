// Command outboxwriter does with an outbox all that can be done with one, and
// says what it promises. README.md beside go.mod has the protocol; the words are
// in package content.
package main

import "github.com/anymarket-go/sdk/internal/crash/life"

func main() { life.Main("outboxwriter", run) }
