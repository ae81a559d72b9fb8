// Package api is the plain client of the seller's side of the ANYMARKET API,
// version 2: one request in, one typed answer out. It keeps nothing on disk,
// starts no goroutine and repeats no call. What has to survive an outage is the
// business of a layer above; what that layer needs to know of a failed call is
// told here, exactly.
//
// # Start
//
// A token comes from ANYMARKET's panel and belongs to one account:
//
//	token, err := api.StaticToken(os.Getenv("ANYMARKET_TOKEN"))
//	...
//	c, err := api.New(api.Config{Token: token})
//	...
//	err = c.Stocks().Put(ctx, api.StockItem{PartnerID: "SKU-1", Quantity: api.Qty(12)})
//
// The sandbox is another BaseURL with another token. [Client.WithToken] makes a
// client for another account on the same connections. Clients are immutable and
// safe for concurrent use.
//
// # Values
//
// A [Decimal] is exact and knows whether it is there: a forgotten quantity is
// refused, never sent as zero. A [Time] goes out with its offset. An [ID] is a
// number. Statuses and marketplaces are text with constants for what is known,
// since new ones keep appearing.
//
// Requests are checked for what cannot be right, a missing key or a negative
// number, and refused with a [FieldError] that names the field. What ANYMARKET
// merely may refuse is sent.
//
// Answers are read leniently: fields of another type than documented are
// converted where that is certain, both spellings are read where there are two,
// and what is not known stays in the field Raw that most models have. Raw of an
// order has the buyer's data, so do not log it.
//
// # Endpoints without a method
//
// [Client.Do] makes any call. [Fetch], [FetchPage] and [Change] are what the typed
// methods are made of, with [PathSegment] for paths, [Check] for values that
// cannot be sent, and [Unmarshal] for models that are to be read leniently.
//
// # Lists
//
// A list is a sequence, read page by page as it is consumed:
//
//	for order, err := range c.Orders().List(ctx, api.OrderFilter{CreatedAfter: start}, api.Paging{}) {
//		if err != nil {
//			return err // a *api.PageError says where to continue
//		}
//		...
//	}
//
// Filters that the host does not know may be ignored silently. The look-ups
// (Orders.LookUp, Products.BySKU, SKUs.ByPartnerID) check what came and say
// [ErrFilterIgnored] rather than that there is nothing.
//
// # Errors
//
// A nil error is the documented success. Otherwise
//
//   - [*FieldError], [*TokenError]: nothing was sent, and it is our side's fault;
//   - [*TransportError]: no answer. Its Sent says whether the request may have
//     arrived; that it did not is proven, that it did is assumed in doubt;
//   - [*Error]: an answer, of any status. Its Shape tells ANYMARKET's own errors
//     from those of what stands before it: a maintenance page with status 200 is
//     an error of ShapeHTML, a body that ends early one of ShapeCut;
//   - [ErrFilterIgnored], and in a [*PageError] also [ErrPageRepeated] and
//     [ErrTooManyPages]: answers that prove nothing.
//
// [Classify] reduces any of them to an [Outcome], for code that decides on
// repeating. Which calls may be repeated:
//
//	reads                                  always
//	stock, prices, callbacks, feed acks    yes: they set a value
//	Orders.Update, Orders.PutNFe           after a look at the order
//	Orders.Create                          after a look-up, see there
//
// # The token
//
// It goes into the header gumgaToken, or token for marketplaces, and nowhere
// else: not into addresses, errors, observations or %+v of a client. Redirects
// are not followed. http is refused except to this machine, or if allowed
// explicitly.
//
// # What this rests on
//
// ANYMARKET publishes an OpenAPI document (here: OpenAPI v2 document) and a Java
// SDK (official SDK). Comments name the one that a fact is from; where they
// disagree, or only third parties were seen to rely on something, they say so.
//
// # Reading the source
//
// request.go is the way of every call, call.go what the typed methods add to it,
// page.go the lists; shape.go and errors.go turn answers into errors, trace.go
// knows what was sent. loose.go reads JSON that is not as documented. The rest
// is a file per resource.
package api
