package anymarket

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/operation"
	"github.com/anymarket-go/sdk/anymarket/maintenance"
	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

// adminCampaigns waits at a closed gate.
func (c *core) adminCampaigns(ctx context.Context, q admin.CampaignQuery) ([]admin.Campaign, error) {
	w := maintenance.Window{Start: q.Start, End: q.End}
	found, err := c.client(q.Account, true).Campaigns.Around(ctx, w, q.Margin)
	if err != nil {
		return nil, forAdmin(err)
	}
	out := make([]admin.Campaign, len(found))
	for i, f := range found {
		k := f.Campaign
		out[i] = admin.Campaign{
			ID: int64(k.ID), Title: k.Title, Marketplace: k.Marketplace, Status: string(k.Status),
			Starts: k.InitialDate.Time, Ends: k.FinalDate.Time, Products: k.ProductsCount,
			Concern: string(f.Concern), Advice: f.Concern.Advice(),
		}
	}
	return out, nil
}

func (c *core) adminRecheck(ctx context.Context, q admin.Recheck, known iter.Seq2[admin.KnownOrder, error], tell func(admin.RecheckNews) error) error {
	tellSums := func(sums Rechecked) error {
		now := admin.Rechecked(sums)
		return tell(admin.RecheckNews{Sums: &now})
	}
	sums, err := c.client(q.Account, false).Orders.Recheck(ctx, Recheck{
		From: q.From, To: q.To, Overlap: q.Overlap, Name: q.Name,
		Known: func(yield func(KnownOrder, error) bool) {
			for k, err := range known {
				if !yield(KnownOrder{
					Key:       OrderKey{ID: ID(k.ID), Marketplace: k.Marketplace, MarketplaceID: k.MarketplaceID},
					CreatedAt: k.CreatedAt, Status: api.OrderStatus(k.Status),
				}, err) {
					return
				}
			}
		},
		Found: func(_ context.Context, d Difference) error {
			return tell(admin.RecheckNews{Difference: adminDifference(d)})
		},
		Progress: func(sums Rechecked) { _ = tellSums(sums) }, // who is gone ends ctx
	})
	if err != nil {
		return forAdmin(err)
	}
	return tellSums(sums)
}

func adminDifference(d Difference) *admin.Difference {
	out := &admin.Difference{
		Kind: string(d.Kind), Action: string(d.Action), Pushed: d.Pushed, Reason: d.Reason,
		ID: int64(d.Key.ID), Marketplace: d.Key.Marketplace, MarketplaceID: d.Key.MarketplaceID,
	}
	if d.Here != nil {
		out.CreatedAt, out.Here = d.Here.CreatedAt, string(d.Here.Status)
	}
	if d.There != nil {
		out.ID, out.CreatedAt, out.There = int64(d.There.ID), d.There.CreatedAt.Time, string(d.There.Status)
	}
	return out
}

func (c *core) adminRepush(ctx context.Context, q admin.Repush) admin.Accepted {
	var order api.NewOrder
	err := operation.Decode("order", q.Order, &order)
	var r Receipt
	if err == nil {
		r, err = c.client(q.Account, false).Orders.Repush(ctx, order)
	}
	if err != nil {
		return operation.NotAccepted(err)
	}
	return admin.Accepted{ID: r.ID(), Duplicate: r.Duplicate, Warnings: r.Warnings}
}

// adminReload loads rows that come with their line numbers. What cannot be read
// as a stock is refused here, in each run again: it is not among the sums that
// are kept.
func (c *core) adminReload(ctx context.Context, q admin.Reload, rows iter.Seq2[admin.Row, error], tell func(admin.ReloadNews) error) error {
	unread := 0
	tellSums := func(sums Reloaded) error {
		sums.Rows += unread
		sums.Refused += unread
		now := admin.Reloaded(sums)
		return tell(admin.ReloadNews{Sums: &now})
	}
	refuse := func(line int, err error) error {
		var field *api.FieldError
		refused := admin.RefusedRow{Line: line, Error: oneLine(err)}
		if errors.As(err, &field) {
			refused.Field = field.Field
		}
		return tell(admin.ReloadNews{Refused: &refused})
	}
	sums, err := c.client(q.Account, false).Stock.Reload(ctx, Reload{
		AsOf: q.AsOf, Name: q.Name, Compare: q.Compare, DryRun: q.DryRun, Ahead: q.Ahead,
		Source: func(_ context.Context, after string) iter.Seq2[Row, error] {
			return func(yield func(Row, error) bool) {
				for row, err := range rows {
					if err != nil {
						yield(Row{}, err)
						return
					}
					stock, err := stockOfRow(row.Stock)
					if err != nil {
						unread++
						if err := refuse(row.Line, err); err != nil {
							yield(Row{}, err)
							return
						}
						continue
					}
					if key := rowKey(row.Line); key > after && !yield(Row{Key: key, Stock: stock}, nil) {
						return
					}
				}
			}
		},
		Refused: func(row Row, err error) {
			line, _ := strconv.Atoi(row.Key) // it is a rowKey
			_ = refuse(line, err)            // who is gone ends ctx
		},
		Progress: func(sums Reloaded) { _ = tellSums(sums) }, // likewise
	})
	if err != nil {
		return forAdmin(err)
	}
	return tellSums(sums)
}

// rowKey puts lines in the order of bytes.
func rowKey(line int) string { return fmt.Sprintf("%012d", line) }

// stockOfRow reads a stock that is written like that of an operation.
func stockOfRow(row json.RawMessage) (s Stock, err error) {
	_, _, err = operation.Entry(row, func(l *operation.Line) (e outbox.Entry, _ []string, err error) {
		s, err = readStock(l)
		return e, nil, err
	})
	return s, err
}

// forAdmin is an error that the other side can act on.
func forAdmin(err error) error {
	var field *api.FieldError
	switch {
	case errors.As(err, &field):
		return &admin.Error{Code: admin.CodeInvalid, Message: oneLine(err), Field: field.Field}
	case errors.Is(err, ErrRunning):
		return &admin.Error{Code: admin.CodeState, Message: oneLine(err)}
	default:
		return err
	}
}

// oneLine is the text of an error, several of which may be joined.
func oneLine(err error) string {
	parts := strings.Split(err.Error(), "\n")
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), "; ")
}
