package api

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
)

const (
	// maxErrorBody is how much of an answer that is no success is read.
	maxErrorBody = 64 << 10
	// drainLimit is what may be left of a body and is read to its end, so that
	// the connection can be used again. More than that costs more than a new
	// connection.
	drainLimit = 4 << 10
)

// read takes the answer in and closes its body.
func (ex *exchange) read(resp *http.Response) {
	ex.status, ex.header = resp.StatusCode, resp.Header
	if resp.Body == nil {
		return
	}
	defer resp.Body.Close()
	limit := ex.limit
	if ex.status < 200 || ex.status > 299 {
		limit = min(limit, maxErrorBody)
	}
	var from io.Reader = resp.Body
	// The standard transport has undone the compression it asked for. Others,
	// and hosts that compress unasked, are dealt with here.
	if strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") && !resp.Uncompressed {
		unzip, err := gzip.NewReader(resp.Body)
		if err == io.EOF { //nolint:errorlint // documented to be returned as it is: there is no body
			return
		}
		if err != nil {
			ex.readErr = err
			return
		}
		from = unzip
	}
	// One byte more than the limit tells a body of that size from a longer one.
	ex.body, ex.readErr = io.ReadAll(io.LimitReader(from, limit+1))
	if int64(len(ex.body)) > limit {
		ex.body, ex.truncated = ex.body[:limit], true
		_, _ = io.CopyN(io.Discard, resp.Body, drainLimit) // best effort
	}
}
