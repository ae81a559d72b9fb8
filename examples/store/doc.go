// Store tells ANYMARKET of the sales of an online shop: it is a program to start
// from.
//
//	go run ./examples/store
//
// Without a token in the environment it sells for some seconds against a fake
// ANYMARKET on this machine, with an outage and a refused order in them, and says
// whether each order is there once. For your own account:
//
//	ANYMARKET_TOKEN=… go run ./examples/store -journal sales.ndjson -outbox anymarket.db
//
// It runs until it is interrupted. ANYMARKET_BASE_URL is where ANYMARKET is, if it
// is not the real one.
//
// journal.go stands for the shop: a file to which it appends what happens. Put
// your own tables there. shop.go is what becomes of an order, and what a shop does
// about it; that is what you keep. demo.go is for the demonstration alone.
package main
