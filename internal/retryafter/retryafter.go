// Package retryafter reads the Retry-After header of HTTP, in both of its
// forms: a number of seconds, and a date.
package retryafter

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Parse returns how long to wait and whether value said so. A wait longer than
// limit is cut to it; a date that is not after now is a wait of zero. Anything
// else, negative or fractional seconds included, is no answer.
//
// Since a date is compared with now, pass the moment of the answer by the
// sender's own clock (its Date header) where it is known.
func Parse(value string, now time.Time, limit time.Duration) (time.Duration, bool) {
	value, limit = strings.TrimSpace(value), max(limit, 0)
	if seconds, ok := digits(value); ok {
		// Compared before multiplying, which could overflow.
		if seconds > uint64(limit/time.Second) {
			return limit, true
		}
		return time.Duration(seconds) * time.Second, true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	return min(max(at.Sub(now), 0), limit), true
}

// digits reads a number made of digits only. One too large for 64 bits is as
// good as the largest.
func digits(s string) (uint64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 1<<64 - 1, true
	}
	return n, true
}
