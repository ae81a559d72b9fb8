// Package outboxtest helps to test what is built on package outbox.
//
// [Open] gives an outbox in a temporary file. When the test ends it is checked
// ([outbox.Outbox.Check]), closed, and searched for goroutines and open files
// that outlived it ([Released]). [Reopen] opens the same file again after a Close or an Abort, [Run]
// delivers in the background and is joined when the test ends.
//
// [Host] is a fake other side. It records each call in the order in which they
// came, keeps the newest value of each key, counts the creations under each
// once-key, and is healthy or sick in the ways of real hosts: switched by
// [Host.SetMode] or answered call by call with [Host.Script]. What is lost,
// doubled or stale is told from its own log, never from the outbox's books.
//
// All of it works in a [testing/synctest] bubble, where hours of outage take
// milliseconds, and outside of one.
package outboxtest
