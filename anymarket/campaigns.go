package anymarket

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/maintenance"
)

// CampaignService reads the campaigns of marketplaces, see Client.Campaigns.
// They can be changed in the panel only.
type CampaignService struct{ c *Client }

// List lists campaigns, page by page, each through the gate; of one status only
// if that is not empty. How well ANYMARKET filters by status is not known: check
// the rows.
func (s CampaignService) List(ctx context.Context, status api.CampaignStatus, paging api.Paging) iter.Seq2[api.Campaign, error] {
	return list(ctx, s.c, paging, campaignKey, func(ctx context.Context, a *api.Client, p api.Paging) (api.Page[api.Campaign], error) {
		return a.Campaigns().Page(ctx, status, p)
	})
}

func campaignKey(k api.Campaign) string { return k.ID.String() }

// CampaignConcern is what a campaign does in a window.
type CampaignConcern string

// The concerns.
const (
	CampaignStarts    CampaignConcern = "starts"
	CampaignEnds      CampaignConcern = "ends"
	CampaignWithin    CampaignConcern = "starts and ends"
	CampaignRuns      CampaignConcern = "runs all along"
	CampaignUndecided CampaignConcern = "unknown" // its times are not known
)

// Advice is what a person can do about it, in a sentence or two.
func (c CampaignConcern) Advice() string {
	switch c {
	case CampaignStarts:
		return "Move its start or deactivate it: what it needs cannot be sent while ANYMARKET is away. Send its prices again afterwards."
	case CampaignEnds:
		return "End it before, or see afterwards that its prices are gone and send the usual ones again."
	case CampaignWithin:
		return "Move it or deactivate it: neither its start nor its end can be seen to."
	case CampaignRuns:
		return "Deactivate it, or hold stock back: what is sold elsewhere meanwhile is not told, and it may sell what is gone."
	default:
		return "Look in the panel: its start or its end cannot be read."
	}
}

// CampaignCheck is an item of a checklist before a window.
type CampaignCheck struct {
	Campaign api.Campaign
	Concern  CampaignConcern
}

// Around returns the scheduled and the active campaigns that start, run or end
// in a window, or in the margin before and after it; by start. A start or end
// that cannot be read may be there.
//
// Errors are a negative margin and a wrong window, as [*api.FieldError], and
// those of [CampaignService.List].
func (s CampaignService) Around(ctx context.Context, w maintenance.Window, margin time.Duration) ([]CampaignCheck, error) {
	if margin < 0 {
		return nil, &api.FieldError{Field: "margin", Reason: "is negative"}
	}
	if err := w.Check(); err != nil {
		return nil, &api.FieldError{Field: "window", Reason: err.Error()}
	}
	from, to := w.Start.Add(-margin), w.End.Add(margin)
	var found []CampaignCheck
	seen := map[ID]bool{}
	for _, status := range []api.CampaignStatus{api.CampaignScheduled, api.CampaignActive} {
		for k, err := range s.List(ctx, status, api.Paging{}) {
			if err != nil {
				return nil, err
			}
			// One that becomes active between the two lists is in both.
			if seen[k.ID] || k.Status == api.CampaignFinalized {
				continue
			}
			seen[k.ID] = true
			if concern, ok := concernOf(k.InitialDate.Time, k.FinalDate.Time, from, to); ok {
				found = append(found, CampaignCheck{Campaign: k, Concern: concern})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b CampaignCheck) int { return a.Campaign.InitialDate.Compare(b.Campaign.InitialDate.Time) })
	return found, nil
}

// concernOf says what a campaign does from one moment until just before another.
func concernOf(start, end, from, to time.Time) (CampaignConcern, bool) {
	starts := !start.Before(from) && start.Before(to)
	ends := !end.Before(from) && end.Before(to)
	switch {
	case !start.IsZero() && !start.Before(to), !end.IsZero() && end.Before(from):
		return "", false
	case start.IsZero() || end.IsZero():
		return CampaignUndecided, true
	case starts && ends:
		return CampaignWithin, true
	case starts:
		return CampaignStarts, true
	case ends:
		return CampaignEnds, true
	default:
		return CampaignRuns, true
	}
}
