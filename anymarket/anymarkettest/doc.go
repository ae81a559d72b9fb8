// Package anymarkettest is a fake ANYMARKET, for tests of programs that talk to
// the real one.
//
// [Run] gives a test a fake in virtual time, so that a maintenance of four
// hours takes milliseconds:
//
//	anymarkettest.Run(t, func(t *testing.T, s *anymarkettest.Server) {
//		client := …                       // base URL s.URL, transport s.Transport(), token s.Token()
//		s.Maintenance(4 * time.Hour)
//		…                                 // set some stock
//		time.Sleep(5 * time.Hour)
//		stock, ok := s.Stock("SKU-1", 0)  // what ANYMARKET has now
//	})
//
// # What it is
//
// It serves API v2 with its state: SKUs, locations and stock, ads and prices,
// orders with their transitions, feeds, callbacks, campaigns. Each [Account]
// has its own; the first one is embedded in the [Server].
//
// Under [Server.MarketplaceURL] it serves the API for marketplaces, on the same
// state: an account is a seller there, and a sale becomes an order of its seller.
//
// Much of what ANYMARKET does is not documented. Where several behaviours are
// possible an [Options] field chooses, so that a test can live in each of the
// possible worlds: batches that are refused as a whole or in part, duplicates
// answered 422, 400 or 409 or not noticed at all, limits announced or not,
// maintenance that looks like [Outages] do, look-ups that lag.
//
// # What goes wrong
//
// [Server.Maintenance] and [Server.MaintenanceAt] take the service away for a
// time, [Server.Fail] scripts what the next requests meet, Options.Script
// decides for each. A [Fault] can apply the request and lose the answer, or
// apply it late. [Server.Crash] ends the client itself, as the death of its
// process would.
//
// # What is true
//
// [Server.Log] is every request in the order in which they came, with what each
// changed and when; [Account.Stock], [Account.Price] and [Account.Orders] are
// what ANYMARKET has. Hold a client's books against these, never these against
// the books.
//
// # Three ways to run it
//
// In a bubble with [Run]; in memory with [New], its Transport, and real time;
// on a real port with [Server.Listen], which also serves [AdminPath] for hand
// tests. It leaves no goroutine after Close. Under one seed and one order of
// requests it always does the same.
//
// # Reading the source
//
// call.go is the way of a request: record, fault, admission, effect, answer.
// routes.go lists what is served; each resource has a file with its state, its
// answers, and what tests can ask of it. outage.go and mode.go are what goes
// wrong, push.go what the fake does by itself.
package anymarkettest
