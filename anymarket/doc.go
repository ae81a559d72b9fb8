// Package anymarket is the client of ANYMARKET that ERPs, back-offices and
// e-commerce platforms embed. What it accepts survives a maintenance window, a
// crash and a restart: stock, prices and orders are on disk before their caller
// gets a receipt, and are delivered when ANYMARKET can take them.
//
// # Start
//
//	c, err := anymarket.Open(ctx, anymarket.Config{Outbox: "anymarket.db", Token: os.Getenv("ANYMARKET_TOKEN")})
//	...
//	defer c.Close()
//	r, err := c.Stock.Set(ctx, anymarket.Stock{PartnerID: "SKU-1", Quantity: anymarket.Qty(12)})
//	...
//	err = r.Wait(ctx) // optional: blocks until it is delivered
//
// [Open] starts delivery, [Client.Close] ends it and joins every goroutine. A
// process that serves several accounts gives Config.Tokens and takes a client
// for each from [Client.For].
//
// # What is promised
//
//   - Of a stock or price the newest value wins. After a window one call per
//     SKU and location goes, never an older value after a newer one.
//   - An order is created once. When the outcome of an attempt is unknown it is
//     looked up before anything is sent again; where two fit, a person is asked.
//   - The steps of an order keep their order, and wait for its creation.
//   - An order that changes is handed over at least once by [OrderService.Feed],
//     and acknowledged when the caller has it.
//   - An outage, however long, costs no entry anything. What ANYMARKET refuses
//     for good is set aside as a dead letter, visible through [Client.Outbox].
//   - An account whose token is refused is suspended, its entries are kept, the
//     others go on. It ends when the token source has another token.
//
// The model behind it, and what is not promised, is in package outbox.
//
// # Errors and warnings
//
// What cannot be right is refused at once, by an [*api.FieldError] that names
// the field. What ANYMARKET merely may refuse is accepted with a warning on the
// receipt, and refused in strict mode. What becomes of an entry after that is
// told by its receipt, by the observer and by the outbox's history.
//
// # Reads
//
// Reads go through the gate: in a maintenance window they fail at once, with an
// [*outbox.ClosedError] that says why and until when, or wait if
// [Client.Waiting] was asked for. Nothing of them is stored.
//
// # Reading the source
//
// client.go, config.go and internal/engine are the life of a client. stock.go,
// prices.go and orders.go are what is accepted, pricesend.go and ordersend.go how
// it is sent, orderskey.go and orderscreated.go whose a step is; internal/verdict
// decides what an answer means; read.go is the way of
// reads, call.go that of endpoints without a method of their own. reload.go and
// inventory.go, recheck.go and rechecking.go are what is done after a window,
// feed.go and its neighbours how changed orders come. operation.go and admin.go
// are what other programs reach through the socket.
package anymarket
