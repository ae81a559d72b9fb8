package anymarket_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

// hand hands operations to a client, by the handler that it serves.
func hand(t *testing.T, c *anymarket.Client, operations ...string) []admin.Accepted {
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

func record(t *testing.T, c *anymarket.Client, a admin.Accepted) outbox.Record {
	t.Helper()
	require.Empty(t, a.Error)
	r, err := c.Outbox().Show(a.ID)
	require.NoError(t, err)
	return r
}

func orderJSON(t *testing.T, id string) string {
	t.Helper()
	text, err := json.Marshal(order(id))
	require.NoError(t, err)
	return string(text)
}

func TestOperationsBecomeEntries(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		require.NoError(t, c.Outbox().PauseAll(t.Context(), "to look at what is stored"))
		for _, o := range []struct{ operation, kind, account, key, once, body string }{
			{`{"op":"stock.set","partnerId":"SKU-1","quantity":"7"}`, "stock.set", "", "0@SKU-1", "", `{"partnerId":"SKU-1","quantity":7}`},
			{
				`{"op":"stock.set","account":"a","id":"12","stockLocalId":3,"quantity":7.5,"cost":"1.10","additionalTime":"2"}`,
				"stock.set", "a", "3@12", "", `{"id":12,"quantity":7.5,"cost":1.10,"additionalTime":2,"stockLocalId":3}`,
			},
			{`{"op":"stock.set","partnerId":"SKU-2","quantity":0,"cost":null}`, "stock.set", "", "0@SKU-2", "", `{"partnerId":"SKU-2","quantity":0}`},
			{` {"op":"price.set","ad":20,"price":"99.90","discountPrice":89.90} `, "price.set", "", "20", "", `{"id":20,"price":99.90,"discountPrice":89.90}`},
			{
				`{"op":"price.set","account":"a","partnerId":"SKU-1","marketplace":"ecommerce","price":2,"discountPrice":"1"}`,
				"price.set", "a", "ECOMMERCE@SKU-1", "", `{"partnerId":"SKU-1","marketplace":"ECOMMERCE","price":2,"discountPrice":1}`,
			},
			{`{"op":"order.create","order":` + orderJSON(t, "M-1") + `}`, "order.create", "", "ECOMMERCE/M-1", "anymarket.test/ECOMMERCE/M-1", orderJSON(t, "M-1")},
			{
				`{"op":"order.status","marketplace":"ecommerce","marketPlaceId":"M-1","status":"PAID_WAITING_SHIP"}`, "order.status", "", "ECOMMERCE/M-1", "anymarket.test/ECOMMERCE/M-1",
				`{"marketPlace":"ECOMMERCE","marketPlaceId":"M-1","update":{"status":"PAID_WAITING_SHIP"}}`,
			},
			{
				`{"op":"order.status","id":77,"status":"INVOICED","invoice":{"accessKey":"` + accessKey + `","series":1,"number":"2","date":"2024-07-28T05:00:00-03:00"},"metadata":{"number-of-packages":2}}`,
				"order.status.id", "", "77", "",
				`{"id":77,"update":{"status":"INVOICED","invoice":{"accessKey":"` + accessKey + `","series":"1","number":"2","date":"2024-07-28T05:00:00-03:00"},"metadata":{"number-of-packages":"2"}}}`,
			},
			{
				`{"op":"order.status","partnerId":"ERP-7","status":"CANCELED"}`, "order.status.partner", "", "ERP-7", "",
				`{"partnerId":"ERP-7","update":{"status":"CANCELED"}}`,
			},
			{
				`{"op":"order.status","id":"78","status":"PAID_WAITING_DELIVERY","tracking":{"number":"BR1","carrier":"C","shippedDate":"2024-07-28T08:00:00-03:00"}}`,
				"order.status.id", "", "78", "",
				`{"id":78,"update":{"status":"PAID_WAITING_DELIVERY","tracking":{"number":"BR1","carrier":"C","shippedDate":"2024-07-28T08:00:00-03:00"}}}`,
			},
			{
				`{"op":"order.status","id":79,"status":"CANCELED","cancelDetails":"no stock"}`,
				"order.status.id", "", "79", "", `{"id":79,"update":{"status":"CANCELED","cancelDetails":"no stock"}}`,
			},
		} {
			a := hand(t, c, o.operation)[0]
			r := record(t, c, a)
			require.Empty(t, a.Warnings, o.operation)
			require.Equal(t, []string{o.kind, o.account, o.key, o.once}, []string{r.Kind, r.Account, r.Key, r.Once}, o.operation)
			require.JSONEq(t, o.body, string(r.Body), o.operation)
		}
	})
}

// A line that is refused names the member that is wrong; those around it are
// stored.
func TestOperationsThatCannotBeRightAreRefusedAlone(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		o := orderJSON(t, "M-1")
		for _, bad := range []struct{ operation, field, says string }{
			{`{"op":"stock.set","partnerId":"SKU-1","quantity":-1}`, "quantity", "negative"},
			{`{"op":"stock.set","partnerId":"SKU-1"}`, "quantity", "missing"},
			{`{"op":"stock.set","partnerId":"SKU-1","quantity":null}`, "quantity", "missing"},
			{`{"op":"stock.set","partnerId":"SKU-1","quantity":""}`, "quantity", "missing"},
			{`{"op":"stock.set","partnerId":"SKU-1","quantity":"1,5"}`, "quantity", "1,5"},
			{`{"op":"stock.set","partnerId":"SKU-1","quantity":true}`, "quantity", "not a number"},
			{`{"op":"stock.set","quantity":1}`, "partnerId", "missing"},
			{`{"op":"stock.set","partnerId":"SKU-1","quantity":1e400}`, "quantity", "quantity is out of bounds"},
			{`{"op":"stock.set","partnerId":"SKU-1","quantity":0.1e-50}`, "quantity", "quantity is out of bounds"},
			{`{"op":"stock.set","partnerId":"SKU-1","quantity":"many"}`, "quantity", "quantity is not a number"},
			{`{"op":"stock.set","partnerId":"SKU-\ud800","quantity":1}`, "", "half of a pair"},
			{`{"op":"stock.set","partnerId":"\udc00\ud83d\ude00","quantity":1}`, "", "half of a pair"},
			{`{"op":"order.create","order":{"marketPlace":"A","marketPlaceId":"1","total":1,"total":2}}`, "order.total", "twice"},
			{`{"op":"order.create","order":{"marketPlace":"A","marketPlaceId":"1","items":[{},{"amount":1,"amount":1}]}}`, "order.items[1].amount", "twice"},
			{`{"op":"order.status","id":7,"status":"INVOICED","invoice":{"number":"1","number":"2"}}`, "invoice.number", "twice"},
			{`{"op":"order.status","id":7,"status":"INVOICED","invoice":{"number":{}}}`, "invoice.number", "not what belongs there"},
			{`{"op":"order.status","id":7,"status":"INVOICED","invoice":{"number":["1"],"series":"1"}}`, "invoice.number", "not what belongs there"},
			{`{"op":"stock.set","id":"x","quantity":1}`, "id", "whole number"},
			{`{"op":"stock.set","id":0,"quantity":1}`, "id", "whole number"},
			{`{"op":"stock.set","id":1,"partnerId":"SKU-1","quantity":1}`, "id", "is given"},
			{`{"op":"stock.set","partnerId":5,"quantity":1}`, "partnerId", "not text"},
			{`{"op":"stock.set","partnerId":"SKU-1","quantity":1,"cost":"-2"}`, "cost", "negative"},
			{`{"op":"stock.set","partnerId":"SKU-1","quantity":1,"stockLocalId":-2}`, "stockLocalId", "whole number"},
			{`{"op":"stock.set","partnerId":"SKU-1","quantity":1,"additionalTime":1.5}`, "additionalTime", "whole number"},
			{`{"op":"stock.set","partnerId":"SKU-1","quantity":1,"additionalTime":-1}`, "additionalTime", "negative"},
			{`{"op":"stock.set","partnerId":"SKU-1","quantity":1,"amount":2}`, "amount", "not known"},
			{`{"op":"stock.set","partnerId":"SKU-1","Quantity":1}`, "Quantity", "not known"},
			{`{"op":"stock.set","partnerId":"SKU-1","quantity":1,"quantity":2}`, "quantity", "twice"},
			{`{"op":"stock.set","account":7,"partnerId":"SKU-1","quantity":1}`, "account", "not text"},
			{`{"op":"price.set","ad":20,"price":"1"}`, "discountPrice", "missing"},
			{`{"op":"price.set","price":"1","discountPrice":"1"}`, "partnerId", "missing"},
			{`{"op":"price.set","partnerId":"SKU-1","price":"1","discountPrice":"1"}`, "marketplace", "missing"},
			{`{"op":"price.set","ad":20,"partnerId":"SKU-1","price":"1","discountPrice":"1"}`, "ad", "is given"},
			{`{"op":"price.set","ad":20,"price":"-1","discountPrice":"1"}`, "price", "negative"},
			{`{"op":"order.create"}`, "order", "missing"},
			{`{"op":"order.create","order":7}`, "order", "number"},
			{`{"op":"order.create","order":{"marketPlace":"ECOMMERCE"}}`, "order.marketPlaceId", "missing"},
			{`{"op":"order.create","order":{"marketPlace":"A/B","marketPlaceId":"1"}}`, "order.marketPlace", "slash"},
			{`{"op":"order.create","order":{"marketPlace":"A","marketPlaceId":"1","createdAt":"soon"}}`, "order.createdAt", "not a date"},
			{`{"op":"order.create","order":{"marketPlace":"A","marketPlaceId":"1","buyer":{"phone":7}}}`, "order.buyer.phone", "number"},
			{`{"op":"order.create","order":{"marketPlace":"A","marketPlaceId":"1","items":[{"sku":{}}]}}`, "order.items[0].amount", "missing"},
			{`{"op":"order.create","order":` + o + `,"id":7}`, "id", "not known"},
			{`{"op":"order.status","status":"INVOICED"}`, "marketPlaceId", "missing"},
			{`{"op":"order.status","id":7}`, "status", "missing"},
			{`{"op":"order.status","id":7,"status":"PAID"}`, "status", "PAID"},
			{`{"op":"order.status","id":7,"status":"INVOICED"}`, "invoice", "missing"},
			{`{"op":"order.status","id":7,"status":"INVOICED","invoice":{"number":"1","acessKey":"2"}}`, "invoice.acessKey", "not known"},
			{`{"op":"order.status","id":7,"status":"INVOICED","invoice":{"number":"1","date":"soon"}}`, "invoice.date", "not a date"},
			{`{"op":"order.status","id":7,"status":"CANCELED","metadata":["x"]}`, "metadata", "not known"},
			{`{"op":"order.status","id":7,"status":"CONCLUDED"}`, "tracking.deliveredDate", "missing"},
			{`{"op":"order.status","marketPlaceId":"1","status":"CANCELED"}`, "marketplace", "missing"},
			{`{"op":"order.status","marketplace":"A","status":"CANCELED"}`, "marketPlaceId", "missing"},
			{`{"op":"order.status","id":7,"marketplace":"A","marketPlaceId":"1","status":"CANCELED"}`, "id", "is given"},
			{`{"op":"order.status","partnerId":"P","marketplace":"A","marketPlaceId":"1","status":"CANCELED"}`, "partnerId", "is given"},
			{`{"op":"order.status","partnerId":"P","id":7,"status":"CANCELED"}`, "partnerId", "is given"},
			{`{"op":"order.status","partnerId":" ","status":"CANCELED"}`, "partnerId", "missing"},
			{`{"op":"stock.add","partnerId":"SKU-1","quantity":1}`, "op", "stock.add"},
			{`{"partnerId":"SKU-1","quantity":1}`, "op", "missing"},
			{`{"op":7}`, "op", "not text"},
			{`{"op":"stock.set","partnerId":"SKU-1","quantity":1`, "", "JSON object"},
			{`{"op":"stock.set","partnerId":"SKU-1","quantity":01}`, "", "JSON object"},
			{`{"op":"stock.set","partnerId":"SKU-1","quantity":1} {}`, "", "follows"},
			{`[1]`, "", "JSON object"},
			{`null`, "", "JSON object"},
			{``, "", "empty"},
			{"{\"op\":\"stock.set\",\"partnerId\":\"Caf\xe9\",\"quantity\":1}", "", "UTF-8"},
		} {
			got := hand(t, c, `{"op":"stock.set","partnerId":"before","quantity":1}`, bad.operation, `{"op":"stock.set","partnerId":"after","quantity":1}`)
			require.Empty(t, got[0].Error)
			require.Empty(t, got[2].Error)
			require.Zero(t, got[1].ID, bad.operation)
			require.Equal(t, bad.field, got[1].Field, "%s: %s", bad.operation, got[1].Error)
			require.Contains(t, got[1].Error, bad.says, bad.operation)
			require.NotContains(t, got[1].Error, "\n", bad.operation)
			require.Equal(t, admin.CodeInvalid, got[1].Code, bad.operation)
			require.True(t, got[1].Refused())
		}
		long := hand(t, c, `{"op":"stock.set","partnerId":"`+strings.Repeat("x", admin.MaxLine)+`","quantity":1}`)[0]
		require.Equal(t, admin.CodeTooLarge, long.Code)
		long = hand(t, c, `{"op":"stock.set","partnerId":"`+strings.Repeat("x", 1<<16)+`","quantity":1}`)[0]
		require.Equal(t, admin.CodeInvalid, long.Code)
	})
}

// What ANYMARKET may refuse is said, and so is what is left out of an order.
func TestOperationsWarn(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		c := open(t, cfg)
		odd := strings.Replace(orderJSON(t, "M-1"), `{`, `{"buyr":{"name":"Ana"},"note":"","MARKETPLACESTATUS":"new",`, 1)
		odd = strings.Replace(odd, `"documentType"`, `"documentTipe":"x","documentType"`, 1)
		operations := []string{
			`{"op":"price.set","ad":20,"price":"1","discountPrice":"2"}`,
			`{"op":"order.create","order":` + odd + `}`,
			`{"op":"order.status","id":7,"status":"INVOICED","invoice":{"number":"1"}}`,
		}
		got := hand(t, c, operations...)
		require.Equal(t, []string{"discountPrice 2 is above price 1"}, got[0].Warnings)
		require.Equal(t, []string{"order.buyer.documentTipe is not known and is not sent", "order.buyr is not known and is not sent"}, got[1].Warnings)
		require.Len(t, got[2].Warnings, 2)
		for _, a := range got {
			record(t, c, a)
		}
		require.NoError(t, c.Close())

		cfg = config(t, s)
		cfg.Strict = true
		c = open(t, cfg)
		for _, a := range hand(t, c, operations...) {
			require.Contains(t, a.Error, "strict mode")
			require.Equal(t, admin.CodeInvalid, a.Code)
		}
		require.Zero(t, c.Outbox().Stats().Accepted)
	})
}

// The outbox refuses some of a group: they alone are refused, and the others
// are stored in their order.
func TestGroupWithConflictsKeepsItsOrder(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		require.NoError(t, c.Outbox().PauseAll(t.Context(), "to look at what is stored"))
		var operations []string
		for i := range 20 {
			operations = append(operations, fmt.Sprintf(`{"op":"stock.set","partnerId":"SKU-%d","quantity":%d}`, i%5, i))
		}
		operations[4] = `{"op":"order.create","order":` + orderJSON(t, "M-1") + `}`
		operations[7] = `{"op":"order.create","order":` + strings.Replace(orderJSON(t, "M-1"), `"total":10`, `"total":11`, 1) + `}`
		operations[8] = operations[4]
		operations[9] = `{"op":"order.status","marketplace":"ECOMMERCE","marketPlaceId":"M-1","status":"CANCELED"}`
		operations[12] = `{"op":"stock.set","id":7,"quantity":1}`
		operations[19] = operations[7]
		got := hand(t, c, operations...)
		last := uint64(0)
		for i, a := range got {
			switch i {
			case 7, 19:
				require.Equal(t, admin.CodeConflict, a.Code)
				require.Contains(t, a.Error, "total")
				require.Contains(t, a.Error, got[4].ID.String())
				require.Zero(t, a.ID)
			case 12:
				require.Equal(t, admin.CodeAddressing, a.Code)
			case 8:
				require.True(t, a.Duplicate)
				require.Equal(t, got[4].ID, a.ID)
			default:
				require.Empty(t, a.Error)
				require.Greater(t, a.ID.Sequence(), last)
				last = a.ID.Sequence()
			}
		}
		require.Equal(t, uint64(16), c.Outbox().Stats().Accepted)
		require.NoError(t, c.Outbox().ResumeAll(t.Context()))
		require.NoError(t, c.Outbox().Drain(t.Context()))
		for sku, quantity := range map[string]string{"SKU-0": "15", "SKU-1": "16", "SKU-2": "17", "SKU-3": "18", "SKU-4": "14"} {
			stock, _ := s.Stock(sku, 0)
			require.Equal(t, quantity, stock.Quantity, sku)
		}
		require.Len(t, s.Orders(), 1)
		require.Equal(t, "CANCELED", s.Orders()[0].Status)
	})
}

// Each operation goes with the token of its account.
func TestOperationsOfSeveralAccounts(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		other := s.For("other")
		cfg := config(t, s)
		cfg.Token, cfg.Tokens = "", func(_ context.Context, account string) (string, error) {
			return map[string]string{"": s.Token(), "other": other.Token()}[account], nil
		}
		c := open(t, cfg)
		id := other.AddSKU(anymarkettest.SKU{PartnerID: "A"})
		hand(t, c,
			`{"op":"stock.set","partnerId":"A","quantity":1}`,
			fmt.Sprintf(`{"op":"stock.set","account":"other","id":"%d","quantity":2}`, id), // another addressing
			`{"op":"order.create","account":"other","order":`+orderJSON(t, "M-1")+`}`,
		)
		require.NoError(t, c.Outbox().Drain(t.Context()))
		require.Zero(t, c.Outbox().Stats().Dead)
		mine, _ := s.Stock("A", 0)
		others, _ := other.Stock("A", 0)
		require.Equal(t, []string{"1", "2"}, []string{mine.Quantity, others.Quantity})
		require.Empty(t, s.Orders())
		require.Len(t, other.Orders(), 1)
	})
}

// What could not be stored is not refused: it can be handed over again.
func TestOperationsAtAClosedOutbox(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		require.NoError(t, c.Close())
		for _, a := range hand(t, c, `{"op":"stock.set","partnerId":"A","quantity":1}`, `{"op":"stock.set","partnerId":"B","quantity":1}`) {
			require.Equal(t, admin.CodeClosed, a.Code)
			require.False(t, a.Refused())
		}
	})
}
