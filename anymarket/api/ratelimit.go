package api

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RateLimit is what an answer said about limits. The zero value says nothing.
// Values that cannot be meant, negative or absurdly large, are left out.
//
// Source: headers ratelimit-limit, ratelimit-remaining and ratelimit-reset as
// read by a third-party client; not documented.
type RateLimit struct {
	// Limit is the number of requests per window; zero if unknown.
	Limit int
	// Remaining is what is left of it, if RemainingKnown.
	Remaining      int
	RemainingKnown bool
	// Reset is when the window ends, from now; zero if unknown.
	Reset time.Duration
}

const (
	maxLimit = 1_000_000      // requests in a window
	maxReset = 24 * time.Hour // more is a date or nonsense
)

func parseRateLimit(h http.Header) RateLimit {
	var r RateLimit
	if n, ok := limitNumber(h, "Limit", maxLimit); ok {
		r.Limit = n
	}
	r.Remaining, r.RemainingKnown = limitNumber(h, "Remaining", maxLimit)
	if n, ok := limitNumber(h, "Reset", int(maxReset/time.Second)); ok {
		r.Reset = time.Duration(n) * time.Second
	}
	return r
}

// limitNumber reads the number at the begin of a header such as "100, 100;w=60".
func limitNumber(h http.Header, name string, most int) (int, bool) {
	value := firstText(h.Get("Ratelimit-"+name), h.Get("X-Ratelimit-"+name))
	if i := strings.IndexAny(value, ",;"); i >= 0 {
		value = value[:i]
	}
	value = strings.TrimSpace(value)
	if !digitsOnly(value) {
		return 0, false
	}
	n, err := strconv.Atoi(value)
	if err != nil || n > most {
		return 0, false
	}
	return n, true
}
