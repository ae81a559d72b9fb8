package api_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// example reads an answer of testdata.
func example(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return data
}

func decode[T any](t *testing.T, name string) T {
	t.Helper()
	var v T
	require.NoError(t, json.Unmarshal(example(t, name), &v))
	return v
}

func TestOrderOfTheDocument(t *testing.T) {
	t.Parallel()
	o := decode[api.Order](t, "order/document.json")
	require.Equal(t, api.ID(4711), o.ID)
	require.Equal(t, api.StatusPaid, o.Status)
	require.Equal(t, "IN_TRANSIT", o.DeliverStatus)
	require.Equal(t, "S-1", o.ShippingOptionID)
	require.Equal(t, "109.90", o.Total.String())
	require.True(t, o.InterestValue.Decimal().IsZero())
	require.Equal(t, "2024-07-28T01:05:00.123-03:00", o.PaymentDate.Format(time.RFC3339Nano))
	require.Equal(t, api.Metadata{"number-of-packages": "2", "mshops": "true", "needInvoiceXML": ""}, o.Metadata)
	require.Equal(t, api.ItemShippings{{ID: 1, ShippingType: "PAC"}}, o.Items[0].Shippings)
	require.Equal(t, "2", o.Invoice.Number)
	require.Equal(t, 11, o.Tracking.ShippedDate.UTC().Hour())
	require.Equal(t, "9.5", o.QuoteReconciliation.Price.String())
	require.JSONEq(t, string(example(t, "order/document.json")), string(o.Raw))
}

// Other spellings and other types than documented.
func TestOrderOfTheSDK(t *testing.T) {
	t.Parallel()
	o := decode[api.Order](t, "order/sdk.json")
	require.Equal(t, api.ID(4711), o.ID)
	require.Equal(t, api.ID(999999), o.AccountID)
	require.Equal(t, "2000001234567890", o.MarketplaceID)
	require.Equal(t, "1001", o.MarketplaceNumber)
	require.Equal(t, "BRAND_NEW_MARKETPLACE", o.Marketplace)
	require.Equal(t, api.OrderStatus("BRAND_NEW_STATUS"), o.Status)
	require.Equal(t, "QUARANTINE", o.DeliverStatus)
	require.Equal(t, "77", o.ShippingOptionID)
	require.True(t, o.CreatedAt.ZoneAssumed)
	require.Equal(t, "109.90", o.Total.String())
	require.True(t, o.Fulfillment)
	require.Len(t, o.Payments, 1)
	require.Equal(t, 3, o.Payments[0].Installments)
	require.Equal(t, "42", o.Items[0].SKU.PartnerID)
	require.True(t, o.Items[0].FreeShipping)
	require.Equal(t, "3", o.Items[0].Shippings[1].ShippingType)
	require.Equal(t, "52998224725", o.Buyer.Document)
	require.Equal(t, "87000000", o.Shipping.ZipCode)
	require.Equal(t, "1", o.Invoice.Series)
	require.Equal(t, 2024, o.Invoice.Date.Year())
	require.Nil(t, o.Metadata)
	require.Nil(t, o.Tracking)
	require.JSONEq(t, string(example(t, "order/sdk.json")), string(o.Raw))
}

func TestOtherModels(t *testing.T) {
	t.Parallel()
	row := decode[api.StockRow](t, "stockrow/row.json")
	require.Equal(t, "SKU-1", row.SKU.PartnerID)
	require.Equal(t, "Centro", row.Location.Name)
	require.Equal(t, []string{"10", "3", "7.0", "9.90"}, []string{row.Amount.String(), row.ReservationAmount.String(), row.AvailableAmount.String(), row.Cost.String()})
	require.Equal(t, 2, row.AdditionalTime)
	require.Contains(t, string(row.Location.Raw), `"oi"`)
	odd := decode[api.StockRow](t, "stockrow/odd.json")
	require.Equal(t, api.ID(7), odd.SKU.ID)
	require.Equal(t, "1", odd.SKU.PartnerID)
	require.Equal(t, 2, odd.AdditionalTime)
	require.False(t, odd.Amount.IsSet())
	require.Equal(t, "soon", odd.LastStockUpdate.Text)

	sku := decode[api.SKU](t, "sku/sku.json")
	require.Equal(t, api.ID(5), sku.Product.ID)
	require.Equal(t, "89.90", sku.SellPrice.String())
	require.True(t, *sku.Active)
	ad := decode[api.Ad](t, "ad/ad.json")
	require.Equal(t, "ACTIVE", ad.PublicationStatus)
	require.Equal(t, api.ID(3), ad.CampaignID)
	product := decode[api.Product](t, "product/product.json")
	require.Equal(t, api.ScopeSKU, product.DefinitionPriceScope)
	require.Equal(t, "SKU-1", product.SKUs[0].PartnerID)
	campaign := decode[api.Campaign](t, "campaign/campaign.json")
	require.Equal(t, api.CampaignScheduled, campaign.Status)
	require.Equal(t, api.ID(123), campaign.AccountID)
	callback := decode[api.Callback](t, "callback/callback.json")
	require.True(t, callback.TransmissionActive)
	require.False(t, callback.QuestionActive) // the stray space of the document is no field
	require.Equal(t, "3f2504e0-4f89-11d3-9a0c-0305e82c3301", decode[api.FeedEntry](t, "feed/entry.json").Token)
}

// Decoding again into the same variable leaves nothing of the first.
func TestDecodingStartsAfresh(t *testing.T) {
	t.Parallel()
	var o api.Order
	for _, name := range []string{"order/document.json", "order/sdk.json"} {
		require.NoError(t, json.Unmarshal(example(t, name), &o))
	}
	require.Equal(t, decode[api.Order](t, "order/sdk.json"), o)
}

// A NewOrder from a caller's JSON is as lenient in its numbers and dates.
func TestNewOrderFromJSON(t *testing.T) {
	t.Parallel()
	o := decode[api.NewOrder](t, "neworder/full.json")
	require.NoError(t, o.Validate())
	out, err := json.Marshal(o)
	require.NoError(t, err)
	require.JSONEq(t, `{"marketPlace":"ECOMMERCE","marketPlaceId":"M-1","createdAt":"2024-07-28T01:00:00-03:00","total":109.90,
		"items":[{"product":{},"sku":{"partnerId":"SKU-1"},"amount":1,"shippings":[{"shippingtype":"PAC"}]}]}`, string(out))
}
