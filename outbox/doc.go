// Package outbox is a durable queue of calls to another system that is
// sometimes down. A call is on disk before its caller gets a receipt; it is
// delivered when the other side can take it, in order where order matters, and
// never twice where twice would harm. An outage, however long, costs nothing.
//
// # Start
//
// Say what can be delivered, open the file, accept, and run:
//
//	o, err := outbox.Open("shop.db", outbox.Options{Kinds: []outbox.Kind{{
//		Name: "stock.set", Class: outbox.Absolute, MaxBatch: 50, Deliver: putStock,
//	}}})
//	...
//	defer o.Close()
//	go o.Run(ctx)
//	receipt, err := o.Accept(ctx, outbox.Entry{Kind: "stock.set", Key: "SKU-1", Body: body})
//	...
//	err = receipt.Wait(ctx) // optional
//
// The handler makes the call and says what it proved, as a [Verdict]; what
// follows from it is the outbox's business. The package knows nothing of HTTP
// and nothing of whom it calls.
//
// # Words
//
// An [Entry] is one intent to call. Its [Kind] gives it a [Class]: an Absolute
// value, of which the newest wins; a Once, a creation; or a Step, a change on
// something created. Account, family and key make its lane. A lane keeps its
// order and has at most one entry on the wire.
//
//	accept ──► waiting ──lease──► on the wire ──verdict──► delivered
//	            ▲   │                  │
//	            │   ├─ newer value ────┼────────────────► superseded
//	            │   ├─ discard ────────┼────────────────► cancelled
//	            │   └─ park ─► parked  │ (part of waiting)
//	            └── unavailable, throttled, unauthorized, unknown, failed
//	                                   └─ rejected, or failed too often ─► dead
//
// Over the life of a file, accepted = delivered + superseded + dead +
// cancelled + waiting; see [Stats].
//
// # What is promised
//
//   - A [Receipt] means that the commit returned without error, synced.
//   - An entry leaves the file only with a recorded end.
//   - In a lane of absolute values no older value is sent once a newer one was
//     accepted and sent, and the newest covers what the older ones said (see
//     Kind.Merge). If an attempt may still be applied late, the newest value
//     goes once more when that can no longer happen.
//   - A creation is sent again only after two look-ups that would have found
//     it, under the model that Options.LateApply and Options.LookupLag state;
//     outside of it a person is asked.
//   - Only the entry's own fault counts against it. Outages, throttling, a
//     refused credential and shutdowns cost no attempt.
//   - A failed commit stops the outbox until it is rebuilt into a new file.
//
// Not promised: protection against another program that writes to the same
// targets, against a file on a network file system, or against a disk that
// says synced and is not.
//
// # Reading the source
//
// accept.go, commit.go (the one committer), tx.go and store.go are the way in;
// dispatch.go, call.go, settle.go and value.go the way out; lookup.go is what happens to
// creations and steps of unknown outcome; account.go, lane.go, index.go and ready.go
// what memory knows; sweep.go what becomes of what was superseded; gate.go and its
// neighbours whether a call may go; recover.go, reload.go, compact.go, displaced.go and
// check.go the life of the file.
// docs/design.md has the reasons.
package outbox
