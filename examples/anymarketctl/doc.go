// Anymarketctl delivers stock, prices, orders and sales to ANYMARKET through its
// maintenance windows, for programs in any language, and shows and operates an
// outbox:
//
//	anymarketctl send --outbox anymarket.db < operations.ndjson
//
// docs/cli.md documents it. A command is in the file of its name, small ones
// beside their like. session.go finds out who has the outbox, this process or
// another; lines.go is the input of send and ending.go how send ends;
// callbackserve.go is the receiver of callbacks, callbackhandler.go how it hands over;
// table.go and csvtable.go read the files of reload and recheck.
package main
