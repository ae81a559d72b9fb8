package marketplace_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/marketplace"
	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

// hand hands operations over as a program in another language does.
func hand(t *testing.T, c *marketplace.Client, operations ...string) []admin.Accepted {
	t.Helper()
	lines := make([][]byte, len(operations))
	for i, o := range operations {
		lines[i] = []byte(o)
	}
	got, err := admin.Local(c.AdminHandler()).Accept(t.Context(), lines)
	require.NoError(t, err)
	require.Len(t, got, len(operations))
	return got
}

func saleJSON(t *testing.T, id string) string {
	t.Helper()
	data, err := json.Marshal(sale(id))
	require.NoError(t, err)
	return string(data)
}

// A sale and all that can happen to it, in order and of two sellers who use the
// same number.
func TestOperations(t *testing.T) {
	in(t, anymarkettest.Options{Duplicate: 201}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		cfg.Account, cfg.Token, cfg.Tokens = "ana", "", tokens(s)
		c := open(t, cfg)
		const date = `"2024-07-28T10:00:00-03:00"`
		got := hand(t, c,
			`{"op":"sale.notify","sale":`+saleJSON(t, "S-1")+`}`,
			`{"op":"sale.mark","marketPlaceId":"S-1","status":"PAID"}`,
			`{"op":"sale.mark","marketPlaceId":"S-1","status":"INVOICED","invoiced":{"date":`+date+`}}`,
			`{"op":"sale.mark","marketPlaceId":"S-1","status":"SHIPPED","shipped":{"shippedDate":`+date+`,"number":"BR1","carrier":"Correios","status":"on its way"}}`,
			`{"op":"sale.mark","marketPlaceId":"S-1","transmission":{"success":true,"marketPlaceStatus":"sent"}}`,
			`{"op":"sale.mark","marketPlaceId":"S-1","status":"DELIVERED","delivered":{"deliveredDate":`+date+`}}`,
			`{"op":"sale.notify","account":"bia","sale":`+saleJSON(t, "S-1")+`}`,
			`{"op":"sale.mark","account":"bia","marketPlaceId":"S-1","status":"CANCELED","canceled":{"date":`+date+`,"code":"BUYER_CANCELED"}}`,
			`{"op":"sale.notify","sale":`+saleJSON(t, "S-1")+`}`,
			`{"op":"sale.notify","sale":`+strings.Replace(saleJSON(t, "S-1"), `"PENDING"`, `"PAID"`, 1)+`}`,
		)
		for _, a := range got[:9] {
			require.Empty(t, a.Error)
			require.Empty(t, a.Warnings)
		}
		require.True(t, got[8].Duplicate)
		require.Equal(t, got[0].ID, got[8].ID)
		require.Equal(t, admin.CodeConflict, got[9].Code)
		require.Contains(t, got[9].Error, "status")

		require.NoError(t, c.Outbox().Drain(t.Context()))
		require.Zero(t, c.Outbox().Stats().Dead)
		o, ok := s.For("ana").Order(s.Marketplace(), "S-1")
		require.True(t, ok)
		require.Equal(t, "CONCLUDED", o.Status)
		require.Len(t, o.Steps, 5)
		require.Contains(t, string(o.JSON), `"BR1"`)
		require.Contains(t, string(o.JSON), `"on its way"`)
		require.Contains(t, string(o.JSON), `"sent"`)
		require.Len(t, s.For("ana").Orders(), 1)
		other, ok := s.For("bia").Order(s.Marketplace(), "S-1")
		require.True(t, ok)
		require.Equal(t, "CANCELED", other.Status)
	})
}

func TestOperationThatCannotBeRightIsRefusedAtOnce(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		for _, bad := range []struct{ operation, field, says string }{
			{`{"op":"stock.set","partnerId":"SKU-1","quantity":1}`, "op", "sale.notify, sale.mark"},
			{`{"marketPlaceId":"S-1"}`, "op", "missing"},
			{`{"op":"sale.notify"}`, "sale", "missing"},
			{`{"op":"sale.notify","sale":null}`, "sale", "missing"},
			{`{"op":"sale.notify","sale":[]}`, "sale", "array"},
			{`{"op":"sale.notify","sale":{"status":"PAID"}}`, "sale.marketPlaceId", "missing"},
			{`{"op":"sale.notify","sale":{"marketPlaceId":"S-1","status":"PAID_WAITING_SHIP"}}`, "sale.status", "say PAID"},
			{`{"op":"sale.notify","sale":{"marketPlaceId":"S-1","status":"SOLD"}}`, "sale.status", "no status"},
			{`{"op":"sale.notify","sale":{"marketPlaceId":"S-1","total":"1,5"}}`, "sale.total", "1,5"},
			{`{"op":"sale.notify","sale":{"marketPlaceId":"S-1","buyer":{"phone":7}}}`, "sale.buyer.phone", "number"},
			{`{"op":"sale.notify","sale":{"marketPlaceId":"S-1"},"id":7}`, "id", "not known"},
			{`{"op":"sale.mark","status":"PAID"}`, "marketPlaceId", "missing"},
			{`{"op":"sale.mark","marketPlaceId":"..","status":"PAID"}`, "marketPlaceId", ""},
			{`{"op":"sale.mark","marketPlaceId":"S-1"}`, "status", "missing"},
			{`{"op":"sale.mark","marketPlaceId":"S-1","paid":{}}`, "status", "missing"},
			{`{"op":"sale.mark","marketPlaceId":"S-1","status":7}`, "status", "not text"},
			{`{"op":"sale.mark","marketPlaceId":"S-1","status":"CONCLUDED"}`, "status", "say DELIVERED"},
			{`{"op":"sale.mark","marketPlaceId":"S-1","status":"PAID_WAITING_DELIVERY"}`, "status", "say SHIPPED"},
			{`{"op":"sale.mark","marketPlaceId":"S-1","status":"GONE"}`, "status", "no status"},
			{`{"op":"sale.mark","marketPlaceId":"S-1","status":"PENDING"}`, "status", "from its creation"},
			{`{"op":"sale.mark","marketPlaceId":"S-1","status":"SHIPPED"}`, "shipped.shippedDate", "missing"},
			{`{"op":"sale.mark","marketPlaceId":"S-1","status":"SHIPPED","shipped":{"shippedDate":"soon"}}`, "shipped.shippedDate", "date"},
			{`{"op":"sale.mark","marketPlaceId":"S-1","status":"PAID","paid":7}`, "paid", "number"},
			{`{"op":"sale.mark","marketPlaceId":"S-1","status":"PAID","paid":{"dat":"2024-07-28T10:00:00Z"}}`, "paid.dat", "not known"},
			{`{"op":"sale.mark","marketPlaceId":"S-1","status":"PAID","shipped":{}}`, "shipped", "not known"},
			{`{"op":"sale.mark","marketPlaceId":"S-1","status":"CANCELED","canceled":{}}`, "canceled.date", "missing"},
			{`{"op":"sale.mark","marketPlaceId":"S-1","transmission":{"success":true}}`, "transmission.marketPlaceStatus", "missing"},
			{`{"op":"sale.mark","account":7,"marketPlaceId":"S-1","status":"PAID"}`, "account", "not text"},
			{`[`, "", "JSON object"},
		} {
			got := hand(t, c, bad.operation)[0]
			require.Zero(t, got.ID, bad.operation)
			require.Equal(t, admin.CodeInvalid, got.Code, bad.operation)
			require.Equal(t, bad.field, got.Field, "%s: %s", bad.operation, got.Error)
			require.Contains(t, got.Error, bad.says, bad.operation)
		}
		require.Zero(t, c.Outbox().Stats().Accepted)
	})
}

// What ANYMARKET may refuse is said, and so is what is left out of a sale;
// strict mode refuses it.
func TestOperationsWarn(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		operations := []string{
			`{"op":"sale.notify","sale":` + strings.Replace(saleJSON(t, "S-1"), `"total":100`, `"total":99`, 1) + `}`,
			`{"op":"sale.notify","sale":` + strings.Replace(saleJSON(t, "S-2"), `{`, `{"buyr":{"name":"Ana"},`, 1) + `}`,
		}
		c := open(t, config(t, s))
		got := hand(t, c, operations...)
		require.Len(t, got[0].Warnings, 2)
		require.Contains(t, got[0].Warnings[0], "total is 99, but")
		require.Equal(t, []string{"sale.buyr is not known and is not sent"}, got[1].Warnings)
		cfg := config(t, s)
		cfg.Strict = true
		for _, a := range hand(t, open(t, cfg), operations...) {
			require.Contains(t, a.Error, "strict mode")
			require.Equal(t, admin.CodeInvalid, a.Code)
		}
	})
}

// The key of a sale has the host in it, so that the file alone says what is
// known under it.
func TestKeyOfASaleNamesItsHost(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		c := open(t, cfg)
		require.NoError(t, c.Outbox().PauseAll(t.Context(), "to look"))
		first := hand(t, c, `{"op":"sale.notify","sale":`+saleJSON(t, "S-1")+`}`)[0]
		rec, err := c.Outbox().Show(first.ID)
		require.NoError(t, err)
		require.Equal(t, "anymarket.test/S-1", rec.Once)
		require.Equal(t, outbox.Waiting, rec.State)
		require.NoError(t, c.Close())

		cfg.BaseURL = marketplace.SandboxURL
		c = open(t, cfg)
		second := hand(t, c, `{"op":"sale.notify","sale":`+saleJSON(t, "S-1")+`}`)[0]
		require.False(t, second.Duplicate)
		require.NotEqual(t, first.ID, second.ID)
	})
}

// An edit changes what is said, never what it is about.
func TestEditThatCannotBeRightIsRefusedAtOnce(t *testing.T) {
	in(t, anymarkettest.Options{StrictOrders: true}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		got := hand(t, c,
			`{"op":"sale.notify","sale":{"marketPlaceId":"S-1","status":"PAID"}}`,
			`{"op":"sale.mark","marketPlaceId":"S-2","status":"PAID"}`,
		)
		require.NoError(t, c.Outbox().Drain(t.Context()))
		for i, bodies := range [][]string{
			{saleJSON(t, "S-2"), `{"marketPlaceId":"S-1","status":"CONCLUDED"}`, `{"marketPlaceId":"S-1","buyr":{}}`, `7`, `{"marketPlaceId":"S-1"}{}`},
			{`{"marketPlaceId":"S-1","mark":"markAsPaid","body":{}}`, `{"marketPlaceId":"S-2","mark":"markAsGone","body":{}}`, `{"marketPlaceId":"S-2","mark":"markAsCanceled","body":{}}`, `{}`},
		} {
			require.Equal(t, outbox.Dead, state(t, c.Receipt(got[i].ID)))
			for _, body := range bodies {
				_, err := c.Outbox().Edit(t.Context(), got[i].ID, []byte(body))
				require.ErrorIs(t, err, outbox.ErrInvalid, body)
			}
		}
		_, err := c.Outbox().Edit(t.Context(), got[0].ID, []byte(saleJSON(t, "S-1")))
		require.NoError(t, err)
		_, err = c.Outbox().Edit(t.Context(), got[1].ID, []byte(`{"marketPlaceId":"S-2","mark":"markAsPaid","body":{"date":"2024-07-28T10:00:00Z"}}`))
		require.NoError(t, err)
		require.NoError(t, c.Receipt(got[0].ID).Wait(t.Context()))
	})
}
