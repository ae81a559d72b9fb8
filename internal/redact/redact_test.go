package redact_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/internal/redact"
)

// order has, as text or number, marked with "secret" or made of nines, every
// member that can tell of a person.
const order = `{
 "marketPlace":"ECOMMERCE","marketPlaceId":"M-1","marketPlaceNumber":"N-1","createdAt":"2024-07-28T01:00:00-03:00",
 "status":"PENDING","total":109.90,"fulfillment":false,"observation":"secret note","cancelDetails":"secret why",
 "documentIntermediator":"99999999999","documentPaymentInstitution":"99999999999",
 "buyer":{"name":"secret Maria","email":"secret@example.com","document":"99999999999","documentType":"CPF",
  "documentNumberNormalized":99999999999,"phone":"9999999999","cellPhone":9999999999,"marketPlaceId":"secret-7",
  "dateOfBirth":"1999-09-09 secret","companyStateTaxId":"secret tax","status":"secret status","nested":{"id":999999,"list":[9999,"secret"]}},
 "shipping":{"address":"secret road","street":"secret road","number":"99999","comment":"secret","reference":"secret",
  "neighborhood":"secret","city":"secret city","state":"secret","zipCode":"99999-999","receiverName":"secret Ana",
  "promisedShippingTime":"2024-08-01T00:00:00Z"},
 "billingAddress":{"shipmentUserName":"secret","shipmentUserDocument":"99999999999","number":99999,"marketPlace":"secret"},
 "anymarketAddress":{"street":"secret"},
 "Shipping":{"number":"99999"},"BUYER":{"id":99999},
 "pickup":{"receiverName":"secret","id":99999},
 "payments":[{"method":"PIX","value":109.90,"installments":1,"cardHolder":"secret"}],
 "items":[{"sku":{"partnerId":"SKU-1","title":"Cadeira"},"amount":1,"unit":99.90,"shippings":[{"shippingtype":"PAC"}],"gift":"secret text"}],
 "invoice":{"accessKey":"3524071122","number":"123","series":"1","date":"2024-07-28T05:00:00-03:00","extraDescription":"secret",
  "linkNfe":"https://x.example/secret","fiscalMetadata":{"cpf":99999999999}},
 "tracking":{"number":"BR1","carrier":"Correios","url":"https://track.example/BR1","carrierDocument":"99999999999"},
 "metadata":{"number-of-packages":"2","gift-to":"secret"},
 "number":"99999","title":"secret title","somethingNew":{"phone":"secret","deep":[[{"x":"secret"}]]}
}`

func TestBuyerDataIsMaskedAndTheRestIsNot(t *testing.T) {
	masked, ok := redact.JSON([]byte(order))
	require.True(t, ok)
	require.True(t, json.Valid(masked))
	text := string(masked)
	require.NotContains(t, text, "secret")
	require.NotContains(t, text, "9999")
	for _, kept := range []string{
		`"marketPlaceId":"M-1"`, `"marketPlaceNumber":"N-1"`, `"createdAt":"2024-07-28T01:00:00-03:00"`, `"status":"PENDING"`,
		`"total":109.90`, `"fulfillment":false`, `"documentType":"CPF"`, `"promisedShippingTime":"2024-08-01T00:00:00Z"`,
		`{"method":"PIX","value":109.90,"installments":1,`, `{"partnerId":"SKU-1","title":"Cadeira"}`, `"amount":1,"unit":99.90`,
		`{"accessKey":"3524071122","number":"123","series":"1","date":"2024-07-28T05:00:00-03:00"`,
		`{"number":"BR1","carrier":"Correios","url":"https://track.example/BR1"`, `"number-of-packages":"2"`, `"name":"***"`,
	} {
		require.Contains(t, text, kept)
	}
}

func TestOtherBodies(t *testing.T) {
	for in, want := range map[string]string{
		`{"partnerId":"SKU-1","quantity":7,"cost":1.50}`:   `{"partnerId":"SKU-1","quantity":7,"cost":1.50}`,
		`{"id":20,"price":99.90,"discountPrice":89.90}`:    `{"id":20,"price":99.90,"discountPrice":89.90}`,
		`{"id":7,"update":{"status":"CANCELED"}}`:          `{"id":7,"update":{"status":"CANCELED"}}`,
		`{"method":"PUT","path":"/x/1","body":"c2VjcmV0"}`: `{"method":"PUT","path":"/x/1","body":"***"}`,
		`{"query":{"document":["1"]}}`:                     `{"query":{"document":["***"]}}`,
		`"text"`:                                           `"***"`,
		` [ 1 , null ] `:                                   `["***",null]`,
		`{}`:                                               `{}`,
		`[]`:                                               `[]`,
		`true`:                                             `true`,
	} {
		masked, ok := redact.JSON([]byte(in))
		require.True(t, ok, in)
		require.Equal(t, want, string(masked))
	}
	for _, in := range []string{"", "12 13", "{", `{"a":}`, "plain", strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)} {
		_, ok := redact.JSON([]byte(in))
		require.False(t, ok, "%.20q", in)
	}
}

// Whatever stands in what describes a person, nothing of it is left but the
// names of members.
func FuzzPersonIsMasked(f *testing.F) {
	f.Add("name", "Maria Silva", 52998224725)
	f.Add("status", "CPF", 0)
	f.Add("a\"b", "\\ \n", -1)
	f.Fuzz(func(t *testing.T, member, text string, number int) {
		switch member {
		case "documentType", "shipmentUserDocumentType", "promisedShippingTime", "promisedDispatchTime":
			return
		}
		for _, person := range []string{"buyer", "shipping", "billingAddress", "anymarketAddress", "pickup", "BUYER", "\u017fhipping"} {
			in, err := json.Marshal(map[string]any{person: map[string]any{member: []any{text, number, map[string]any{member: text}}}})
			require.NoError(t, err)
			masked, ok := redact.JSON(in)
			require.True(t, ok)
			var name map[string]any // as json reads it
			require.NoError(t, json.Unmarshal(in, &name))
			for _, members := range name {
				for member := range members.(map[string]any) {
					want, err := json.Marshal(map[string]any{person: map[string]any{member: []any{"***", "***", map[string]any{member: "***"}}}})
					require.NoError(t, err)
					require.JSONEq(t, string(want), string(masked))
				}
			}
		}
	})
}
