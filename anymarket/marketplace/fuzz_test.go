package marketplace

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzAnswers reads any body as each of the answers: it is understood, or said
// to be wrong; and what was understood can be written down.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{
		`{"id":7,"marketPlaceId":"S 1","status":"PAID","total":"10.00","items":[{"amount":1}]}`, `[{"id":7}]`, `{"content":[{"id":7}],"page":{"totalPages":1}}`, `{"page":{}}`,
		`{"zipCode":1,"quotes":[{}],"missingSkus":{"A":"1,5"}}`, `{"code":"422","message":"refused"}`, `{"code":200}`, `null`, `[null]`, `[[]]`, `{"content":{}}`, `{"id":1e99}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		written := func(v any, err error) {
			if err == nil {
				_, err = json.Marshal(v)
				require.NoError(t, err)
			}
		}
		sales, err := salesIn(body)
		for _, s := range sales {
			require.Empty(t, saleWithoutID(s))
		}
		written(sales, err)
		ads, err := rowsIn(body, func(Ad) string { return "" })
		written(ads, err)
		var c Configuration
		written(&c, json.Unmarshal(body, &c))
		quote, err := quoteIn(body)
		if err == nil {
			require.JSONEq(t, string(body), string(quote.Raw))
		}
		_, err = noError(body)
		require.False(t, err == nil && !json.Valid(body))
	})
}
