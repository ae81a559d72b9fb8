package anymarkettest

import (
	"net/http"
	"time"
)

// Options say which of the possible worlds the fake is. What ANYMARKET does is
// not known in each detail; a client should hold in all of them. The zero
// Options are the most likely world.
type Options struct {
	// Seed makes tokens and random orders repeatable.
	Seed uint64
	// Latency is how long each answer takes, after its effect.
	Latency time.Duration
	// Outage is how a maintenance looks; defaults to Unavailable.
	Outage Mode
	// Script is asked about each request that meets no maintenance, before
	// what [Server.Fail] was told. It is called by many goroutines, may block,
	// and may use the server.
	Script func(Request) (Fault, bool)

	// Limit bounds the requests of an account; the zero Limit does not.
	Limit Limit
	// BadToken is the status for an unknown token, 401 or 403; defaults to 401.
	BadToken int

	// MaxBatch is the most items of a call; zero is no limit. More is refused
	// with MaxBatchStatus, 422 or 413; defaults to 422.
	MaxBatch, MaxBatchStatus int
	// Batch is what becomes of the good items of a batch with a bad one.
	Batch Batching
	// StockMaps is how PUT /stocks/batch answers.
	StockMaps Maps
	// PriceResults is how bulk prices answer.
	PriceResults PriceResults
	// ClosedCatalog refuses SKUs and ads that the test did not add; else they
	// come into being when they are written to.
	ClosedCatalog bool
	// PutNeedsRow makes PUT /stocks refuse a SKU that has no row at the
	// location yet; POST makes one.
	PutNeedsRow bool
	// SilentScope ignores prices written at the wrong level with a success;
	// else they are refused.
	SilentScope bool
	// StockLag is how long GET /stocks shows the old value.
	StockLag time.Duration

	// LookupLag is how long a new order, or a change of one, stays hidden from
	// reads.
	LookupLag time.Duration
	// Duplicate is the status for a second order with the same marketPlace and
	// marketPlaceId, 422, 400 or 409; defaults to 422. 201 creates it: the
	// world in which only the client's care prevents duplicates.
	Duplicate int
	// StrictOrders refuses orders and status changes without what the document
	// requires; else only without what identifies them.
	StrictOrders bool
	// Restricted answers the vendor's own routes with 500.
	Restricted bool
	// NFeRefusal, if set, is the text of the 500 that answers fiscal documents.
	NFeRefusal string

	// AppID is the marketplace's in its own API, and Marketplace its name in
	// orders; default to "app" and "MARKETPLACE". A second sale with the same
	// marketPlaceId is treated as Duplicate says, but with 400 for 422.
	AppID, Marketplace string
	// SalesInAnyStatus takes sales in any status; else only pending and paid
	// ones. NoPendingSales refuses pending ones, as for a seller who does not
	// import them.
	SalesInAnyStatus, NoPendingSales bool
	// SilentMarks answers a mark that the status of a sale does not allow, as
	// after its cancellation, with a success that changes nothing; else it is
	// refused.
	SilentMarks bool

	// DefaultLimit is the page size without a limit; defaults to 5.
	DefaultLimit int
	// RefuseBigLimit answers a limit above 100 with 400; else 100 applies.
	RefuseBigLimit bool
	// Links is how the links of pages look.
	Links Links
	// PageBase is the number of the first page.
	PageBase int
	// EmptyContent gives an empty page its content, []; else it has none.
	EmptyContent bool
	// IgnoreFilters names query parameters that are ignored, offset and limit
	// among them. With marketPlaceId the look-up of a sale brings another one.
	IgnoreFilters []string
	// CampaignCountOff is added to the count of campaigns.
	CampaignCountOff int

	// FeedStatuses are the order statuses that come into the feed; defaults to
	// all.
	FeedStatuses []string
	// FeedAlways puts changes into the feed that a callback took, too.
	FeedAlways bool
	// CallbackGap is the time between the three attempts of a callback, and
	// CallbackTimeout how long one may take; default to 1 min and 10 s.
	CallbackGap, CallbackTimeout time.Duration
	// CallbackTwice sends each callback twice.
	CallbackTwice bool
	// CallbackDisableAfter turns a registration off after so many events that
	// it did not take; zero is never.
	CallbackDisableAfter int
	// CallbackListing is the status of GET /callbacks if it is not 200, such as
	// 404 or 405.
	CallbackListing int

	// OtherSpelling uses the other spelling wherever two are known: integer
	// error codes, and text in the API for marketplaces, no body after a mark, deliveryStatus, shippings as an object, numeric content.id
	// and no event in callbacks, dates in UTC with milliseconds, a numeric
	// idAccount of campaigns.
	OtherSpelling bool
	// Gzip compresses answers for clients that take it.
	Gzip bool
}

// Limit is a number of requests in fixed spans of time.
type Limit struct {
	Requests int
	Per      time.Duration // a second, a minute, an hour; defaults to a minute
	// NoRetryAfter leaves out the header Retry-After, and RetryAfterDate makes
	// it a date.
	NoRetryAfter, RetryAfterDate bool
	// Headers adds ratelimit-limit, -remaining and -reset to all answers.
	Headers bool
	// Text makes the body of a 429 text; else it is an error in JSON.
	Text bool
}

// Fault is what happens to requests. The zero Fault is one normal answer.
type Fault struct {
	// Route is the method and pattern of the requests meant, such as
	// "PUT /stocks" or "PUT /orders/{id}"; empty is all.
	Route string
	// If narrows it; it must be quick and not use the server.
	If func(Request) bool
	// Times is how many requests meet it; defaults to 1, negative is all.
	Times int

	// Mode is the answer.
	Mode Mode
	// Status, with Body and Header, is an answer of your own instead.
	Status int
	Body   string
	Header http.Header
	// RetryAfter goes into the answer, in seconds.
	RetryAfter time.Duration

	// Applied: the request takes effect although the answer does not say so;
	// After: so much later, and never within a maintenance. An answer of mode
	// Up always takes effect, at once.
	Applied bool
	After   time.Duration
	// Latency delays the answer, after the effect.
	Latency time.Duration
	// Do is called after the effect and before the answer. It may block and use
	// the server; a drill kills its client here.
	Do func(Request)
}

func (o Options) withDefaults() Options {
	def := func(n *int, v int) {
		if *n == 0 {
			*n = v
		}
	}
	def(&o.BadToken, http.StatusUnauthorized)
	def(&o.MaxBatchStatus, http.StatusUnprocessableEntity)
	def(&o.Duplicate, http.StatusUnprocessableEntity)
	def(&o.DefaultLimit, 5)
	if o.AppID == "" {
		o.AppID = "app"
	}
	if o.Marketplace == "" {
		o.Marketplace = "MARKETPLACE"
	}
	if o.Outage == Up {
		o.Outage = Unavailable
	}
	if o.Limit.Per == 0 {
		o.Limit.Per = time.Minute
	}
	if o.CallbackGap == 0 {
		o.CallbackGap = time.Minute
	}
	if o.CallbackTimeout == 0 {
		o.CallbackTimeout = 10 * time.Second
	}
	return o
}
