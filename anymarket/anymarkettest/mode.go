package anymarkettest

import "fmt"

// Mode is how a request fares.
type Mode int

// Modes. Those of [Outages] are ways in which ANYMARKET may be down.
const (
	Up              Mode = iota // the answer that the request deserves
	Unavailable                 // 503 with an error in JSON
	UnavailablePage             // 503 with HTML
	Page                        // 200 with HTML
	Redirect                    // 302 to a page elsewhere
	Reset                       // the request is read, the connection reset
	Hang                        // the request is read, nothing comes back
	Refused                     // no new connection; those that are there, and all on a real port, as Reset
	BadGateway                  // 502 with HTML
	GatewayTimeout              // 504, empty
	Closed                      // the request is read, the connection closed
	Cut                         // the connection closes in the middle of the answer
	Empty                       // the right status without a body
	EmptyError                  // 500, empty
	Business                    // 500 with a refusal in JSON
	TooMany                     // 429, in the form that Options.Limit says
	NoToken                     // 401 with NO_TOKEN
	Forbidden                   // 403 with TOKEN_EXPIRED
	TooLarge                    // 413 with an error in JSON
	modes                       // their number
)

// String returns the name.
func (m Mode) String() string {
	names := [modes]string{
		"up", "503", "503 page", "200 page", "redirect", "reset", "hang", "refused", "502", "504",
		"closed", "cut", "empty", "empty 500", "500", "429", "401", "403", "413",
	}
	if m < 0 || m >= modes {
		return fmt.Sprintf("mode %d", int(m))
	}
	return names[m]
}

// Outages returns the modes that a maintenance can have, for tests that must
// hold in each.
func Outages() []Mode {
	return []Mode{Unavailable, UnavailablePage, Page, Redirect, Reset, Hang, Refused, BadGateway, GatewayTimeout}
}

// Batching is what becomes of the good items of a batch with a bad one. All
// refuse it with 422.
type Batching int

// Ways of batching.
const (
	Atomic  Batching = iota // nothing is applied
	Prefix                  // what stands before the first bad item
	Partial                 // the good items
)

// Links is how the links of pages look.
type Links int

// Ways of links.
const (
	LinksHTTP    Links = iota // absolute, with http whatever the call came by
	LinksSame                 // absolute, with the scheme of the call
	LinksForeign              // to another host
)

// Maps is how PUT /stocks/batch answers.
type Maps int

// Ways of answering.
const (
	Maps200 Maps = iota // 200 with the two maps
	Maps204             // 204, empty
	Maps207             // 207 with the two maps
)

// PriceResults is what PUT /skus/marketplaces/prices says of items that are fine.
type PriceResults int

// Ways of saying it.
const (
	ErrorNull    PriceResults = iota // errorMsg is null
	ErrorEmpty                       // errorMsg is ""
	FailuresOnly                     // they are left out
)
