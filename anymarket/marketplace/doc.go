// Package marketplace is the client of ANYMARKET that marketplaces embed which
// integrate themselves. A sale that it accepts survives a maintenance window, a
// crash and a restart: it is on disk before its caller gets a receipt, and is
// made known to ANYMARKET once.
//
// # Start
//
// ANYMARKET gives a marketplace an id, and each seller's token when the seller
// connects:
//
//	c, err := marketplace.Open(ctx, marketplace.Config{
//		Outbox:  "sales.db",
//		BaseURL: marketplace.ProductionURL,
//		AppID:   os.Getenv("ANYMARKET_APP_ID"),
//		Tokens:  tokenOfSeller,
//	})
//	...
//	defer c.Close()
//	seller := c.For("seller-42")
//	r, err := seller.Sales.Notify(ctx, marketplace.NewSale{MarketplaceID: "S-1", Status: marketplace.StatusPaid, ...})
//	...
//	_, err = seller.Sales.MarkShipped(ctx, "S-1", marketplace.Shipped{...})
//
// [Open] starts delivery, [Client.Close] ends it and joins every goroutine. An
// account is a seller; one client serves all sellers of a marketplace. Each
// marketplace, and the sandbox, has an outbox file of its own.
//
// # What is promised
//
//   - A sale is created once. Its key is the seller with the marketplace's own id
//     of the sale. When the outcome of an attempt is unknown, or it was refused as
//     if the sale were there, the sale is looked up before anything is sent again;
//     where two fit, a person is asked.
//   - The marks of a sale keep their order, and wait for its creation. One that
//     is refused counts as delivered only if the sale shows what it says.
//   - An outage, however long, costs no entry anything. What ANYMARKET refuses
//     for good is set aside as a dead letter, visible through [Client.Outbox];
//     the marks of a sale that is one are accepted and parked until it is tried
//     again or discarded.
//   - A seller whose token is refused is suspended, the others go on.
//
// The model behind it, and what is not promised, is in package outbox.
//
// # Words
//
// A sale has statuses of its own, [Status]; those of orders in API v2 are other
// words and are refused here.
//
// # Errors and warnings
//
// What cannot be right is refused at once, by an [*api.FieldError] that names
// the field. What ANYMARKET merely may refuse, such as sums that do not agree,
// is accepted with a warning on the receipt, and refused in strict mode.
//
// # What this rests on
//
// ANYMARKET's document of its API for marketplaces is of 2022, and some details
// are known from one marketplace that uses it; comments say where. Routes and
// bodies may have changed since: try them in the sandbox first.
//
// # Reading the source
//
// client.go, config.go and ../internal/engine are the life of a client. newsale.go, mark.go and
// sale.go are what sales are made of, sales.go how they are accepted and read,
// operation.go how other languages hand them over; kinds.go is how they are stored,
// salesend.go how they are sent and looked up, wire.go the calls themselves.
package marketplace
