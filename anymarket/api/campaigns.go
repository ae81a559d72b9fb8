package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
)

// CampaignStatus is the state of a campaign. Unknown ones pass through.
type CampaignStatus string

// Campaign statuses. Source: OpenAPI v2 document.
const (
	CampaignScheduled CampaignStatus = "SCHEDULED"
	CampaignActive    CampaignStatus = "ACTIVE"
	CampaignFinalized CampaignStatus = "FINALIZED"
)

// Campaign is a campaign of a marketplace. Which items take part, and at what
// price, the API does not tell.
//
// Source: OpenAPI v2 document; idAccount is text there and a number in the
// official SDK.
type Campaign struct {
	ID            ID             `json:"id"`
	Title         string         `json:"title"`
	Description   string         `json:"description"`
	AccountID     ID             `json:"idAccount"`
	AccountName   string         `json:"accountName"`
	Marketplace   string         `json:"marketplace"`
	Status        CampaignStatus `json:"status"`
	InitialDate   Time           `json:"initialDate"`
	FinalDate     Time           `json:"finalDate"`
	ProductsCount int64          `json:"productsCount"`
	// Raw is the campaign as it came.
	Raw json.RawMessage `json:"-"`
}

// UnmarshalJSON reads a campaign leniently and keeps it.
func (g *Campaign) UnmarshalJSON(data []byte) error {
	type plain Campaign
	*g = Campaign{}
	if err := Unmarshal(data, (*plain)(g)); err != nil {
		return err
	}
	g.Raw = append(g.Raw, data...)
	return nil
}

func campaignWithoutID(g Campaign) string { return noID(g.ID) }

// Campaigns is made by [Client.Campaigns]. Campaigns can be read only.
type Campaigns struct{ c *Client }

// List lists campaigns from paging on, of one status only if that is not empty.
// How well the host filters by status is not known: check the rows.
//
// Source: OpenAPI v2 document, GET /campaigns. Sorting is not documented. An
// unknown status is answered with 400.
func (s Campaigns) List(ctx context.Context, status CampaignStatus, paging Paging) iter.Seq2[Campaign, error] {
	return pages(ctx, s.c, paging, func(ctx context.Context, p Paging) (Page[Campaign], error) {
		return s.Page(ctx, status, p)
	})
}

// Page fetches one page of campaigns.
func (s Campaigns) Page(ctx context.Context, status CampaignStatus, paging Paging) (Page[Campaign], error) {
	q := url.Values{}
	setText(q, "status", string(status))
	return getPage(ctx, s.c, fixed("/campaigns"), q, nil, paging, parseCampaigns)
}

// Get fetches a campaign.
//
// Source: OpenAPI v2 document, GET /campaigns/{id}.
func (s Campaigns) Get(ctx context.Context, id ID) (Campaign, error) {
	segment, err := id.segment("id")
	if err != nil {
		return Campaign{}, err
	}
	return Fetch(ctx, s.c, fill("/campaigns/{id}", segment).request(http.MethodGet), parseOne(campaignWithoutID))
}

// parseCampaigns reads the envelope that only campaigns have: {pageSize, count,
// start, values}. Whether count is the number of all campaigns or of those on
// this page is not documented. It is taken for the former, except when it
// equals the number on a full page: then one more page is asked for.
func parseCampaigns(body []byte, p Paging) (Page[Campaign], error) {
	var b struct {
		Values *[]json.RawMessage `json:"values"`
		Count  *int64             `json:"count"`
	}
	if err := Unmarshal(body, &b); err != nil {
		return Page[Campaign]{}, err
	}
	if b.Values == nil && b.Count == nil {
		return Page[Campaign]{}, errors.New("the answer has neither values nor count")
	}
	var page Page[Campaign]
	if b.Values != nil {
		if err := page.take(*b.Values, campaignWithoutID); err != nil {
			return Page[Campaign]{}, err
		}
	}
	n := int64(len(page.Items))
	full := len(page.Items) >= p.Limit
	if b.Count == nil {
		page.Next = full
		return page, nil
	}
	page.Total = max(*b.Count, 0)
	if n == 0 && page.Total > 0 && p.Offset == 0 {
		return Page[Campaign]{}, fmt.Errorf("the answer has no rows and says that there are %d", page.Total)
	}
	page.Next = n > 0 && (int64(p.Offset)+n < page.Total || full && page.Total == n)
	return page, nil
}
