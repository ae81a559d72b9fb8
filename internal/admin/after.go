package admin

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"time"

	"github.com/anymarket-go/sdk/outbox"
)

// Resend says what is sent again, see [outbox.Resend].
type Resend struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Accounts []string  `json:"accounts,omitempty"`
	Kinds    []string  `json:"kinds,omitempty"`
	DryRun   bool      `json:"dry_run,omitempty"`
}

// Resent are the sums of [outbox.Resent].
type Resent struct {
	Selected    int `json:"selected"`
	Sent        int `json:"sent"`
	Waiting     int `json:"waiting"`
	Undelivered int `json:"undelivered"`
	Changed     int `json:"changed"`
	Unreadable  int `json:"unreadable"`
}

// CampaignQuery asks for the campaigns of an account around a window.
type CampaignQuery struct {
	Account string        `json:"account"`
	Start   time.Time     `json:"start"`
	End     time.Time     `json:"end"`
	Margin  time.Duration `json:"margin"` // nanoseconds
}

// Campaign is a campaign that a window concerns.
type Campaign struct {
	ID          int64     `json:"id"`
	Title       string    `json:"title"`
	Marketplace string    `json:"marketplace,omitempty"`
	Status      string    `json:"status"`
	Starts      time.Time `json:"starts,omitzero"`
	Ends        time.Time `json:"ends,omitzero"`
	Products    int64     `json:"products"`
	// Concern is what it does in the window, Advice what a person can do.
	Concern string `json:"concern"`
	Advice  string `json:"advice"`
}

// Recheck says which orders are compared. An interrupted one goes on when it
// comes again.
type Recheck struct {
	Account string        `json:"account"`
	From    time.Time     `json:"from"`
	To      time.Time     `json:"to"`
	Overlap time.Duration `json:"overlap"` // nanoseconds; zero is the default
	Name    string        `json:"name"`
}

// KnownOrder is an order as the caller knows it.
type KnownOrder struct {
	ID            int64     `json:"id,omitempty"`
	Marketplace   string    `json:"marketplace,omitempty"`
	MarketplaceID string    `json:"marketPlaceId,omitempty"`
	CreatedAt     time.Time `json:"createdAt"`
	Status        string    `json:"status,omitempty"`
}

// RecheckNews is a difference, or the sums until now. The last sums are the
// result.
type RecheckNews struct {
	Difference *Difference `json:"difference,omitempty"`
	Sums       *Rechecked  `json:"sums,omitempty"`
}

// Difference is an order that is not the same on both sides. It has no data of
// buyers.
type Difference struct {
	Kind   string `json:"kind"`
	Action string `json:"action"` // what would make both sides agree
	// ID is ANYMARKET's, if ANYMARKET has the order or it is known by it.
	ID            int64     `json:"id,omitempty"`
	Marketplace   string    `json:"marketplace,omitempty"`
	MarketplaceID string    `json:"marketPlaceId,omitempty"`
	CreatedAt     time.Time `json:"createdAt,omitzero"`
	There         string    `json:"there,omitempty"` // the status that ANYMARKET has
	Here          string    `json:"here,omitempty"`  // the one that the caller has
	Pushed        bool      `json:"pushed"`          // the history has it as delivered
	Reason        string    `json:"reason"`
}

// Rechecked are the sums of a recheck.
type Rechecked struct {
	Same          int       `json:"same"`
	OnlyThere     int       `json:"only_there"`
	OnlyHere      int       `json:"only_here"`
	StatusDiffers int       `json:"status_differs"`
	Ambiguous     int       `json:"ambiguous"`
	Waiting       int       `json:"waiting"`
	Until         time.Time `json:"until"`
}

// Repush says which order is sent again although it was acknowledged: as it was
// in its operation, unless ANYMARKET has it after all.
type Repush struct {
	Account string          `json:"account"`
	Order   json.RawMessage `json:"order"`
}

// Reload says how the rows of a stock snapshot are loaded. An interrupted one
// goes on when it comes again, with all rows.
type Reload struct {
	Account string    `json:"account"`
	Name    string    `json:"name"`
	AsOf    time.Time `json:"as_of"`
	Compare bool      `json:"compare,omitempty"`
	DryRun  bool      `json:"dry_run,omitempty"`
	Ahead   int       `json:"ahead,omitempty"` // zero is the default
}

// Row is a row of a snapshot: a stock as in an operation, and where it stands.
// Lines go up.
type Row struct {
	Line  int             `json:"line"`
	Stock json.RawMessage `json:"stock"`
}

// ReloadNews is a row that was refused, or the sums until now. The last sums
// are the result.
type ReloadNews struct {
	Refused *RefusedRow `json:"refused,omitempty"`
	Sums    *Reloaded   `json:"sums,omitempty"`
}

// RefusedRow is a row that cannot be right, or that ANYMARKET refused.
type RefusedRow struct {
	Line  int    `json:"line"`
	Error string `json:"error"`
	// Field is the member that is wrong, if one is.
	Field string `json:"field,omitempty"`
}

// Reloaded are the sums of a load.
type Reloaded struct {
	Rows    int `json:"rows"`
	Stored  int `json:"stored"`
	Settled int `json:"settled"`
	Same    int `json:"same"`
	GaveWay int `json:"gave_way"`
	Refused int `json:"refused"`
}

func (h *handler) resend(w http.ResponseWriter, r *http.Request) error {
	var q Resend
	if err := readJSON(w, r, &q); err != nil {
		return err
	}
	return h.job(w, r, func(ctx context.Context, tell func(any) error) error {
		sums, err := h.o.Resend(ctx, outbox.Resend{
			From: q.From, To: q.To, Accounts: q.Accounts, Kinds: q.Kinds, DryRun: q.DryRun,
			Progress: func(sums outbox.Resent) { _ = tell(Resent(sums)) }, // who is gone cancels ctx
		})
		if err != nil {
			return err
		}
		return tell(Resent(sums))
	})
}

// Resend sends again what a range of time selects, and returns the sums.
// Progress, if not nil, is told them now and then.
func (c *Client) Resend(ctx context.Context, r Resend, progress func(Resent)) (sums Resent, err error) {
	body, err := json.Marshal(r)
	if err != nil {
		return sums, err
	}
	for now, err := range lines[Resent](ctx, c, http.MethodPost, "/resend", body) {
		if err != nil {
			return sums, err
		}
		if sums = now; progress != nil {
			progress(sums)
		}
	}
	return sums, nil
}

func (h *handler) campaigns(w http.ResponseWriter, r *http.Request) error {
	if h.delivery.Campaigns == nil {
		return onlyDelivering("campaigns are read")
	}
	var q CampaignQuery
	if err := readJSON(w, r, &q); err != nil {
		return err
	}
	return h.job(w, r, func(ctx context.Context, tell func(any) error) error {
		found, err := h.delivery.Campaigns(ctx, q)
		if err != nil {
			return err
		}
		for _, k := range found {
			if err := tell(k); err != nil {
				return err
			}
		}
		return nil
	})
}

func (h *handler) recheck(w http.ResponseWriter, r *http.Request) error {
	if h.delivery.Recheck == nil {
		return onlyDelivering("orders are rechecked")
	}
	var q Recheck
	in, err := headOf(w, r, &q)
	if err != nil {
		return err
	}
	return h.job(w, r, func(ctx context.Context, tell func(any) error) error {
		return h.delivery.Recheck(ctx, q, rowsOf[KnownOrder](w, in), func(n RecheckNews) error { return tell(n) })
	})
}

func (h *handler) reload(w http.ResponseWriter, r *http.Request) error {
	if h.delivery.Reload == nil {
		return onlyDelivering("stock is reloaded")
	}
	var q Reload
	in, err := headOf(w, r, &q)
	if err != nil {
		return err
	}
	return h.job(w, r, func(ctx context.Context, tell func(any) error) error {
		return h.delivery.Reload(ctx, q, rowsOf[Row](w, in), func(n ReloadNews) error { return tell(n) })
	})
}

func (h *handler) repush(w http.ResponseWriter, r *http.Request) error {
	if h.delivery.Repush == nil {
		return onlyDelivering("orders are sent again")
	}
	var q Repush
	body, err := bodyOf(w, r, MaxLine)
	if err == nil {
		err = decodeWhole(body, &q)
	}
	if err != nil {
		return err
	}
	return writeJSON(w, h.delivery.Repush(r.Context(), q))
}

// Repush sends an order again that ANYMARKET acknowledged and lost, and returns
// what became of that when it is durable.
func (c *Client) Repush(ctx context.Context, r Repush) (a Accepted, err error) {
	body, err := json.Marshal(r)
	if err != nil {
		return a, err
	}
	return a, c.call(ctx, http.MethodPost, "/repush", body, &a)
}

// Campaigns yields the campaigns of an account that start, run or end around a
// window. An error is the last that is yielded.
func (c *Client) Campaigns(ctx context.Context, q CampaignQuery) iter.Seq2[Campaign, error] {
	return func(yield func(Campaign, error) bool) {
		body, err := json.Marshal(q)
		if err != nil {
			yield(Campaign{}, err)
			return
		}
		lines[Campaign](ctx, c, http.MethodPost, "/campaigns", body)(yield)
	}
}

// Recheck compares the orders of a range with those that the caller knows. It
// yields what comes until all is done; an error is the last.
func (c *Client) Recheck(ctx context.Context, r Recheck, known iter.Seq2[KnownOrder, error]) iter.Seq2[RecheckNews, error] {
	return job[RecheckNews](ctx, c, "/recheck", r, known)
}

// Reload loads the rows of a snapshot. It yields what comes until all is
// settled; an error is the last.
func (c *Client) Reload(ctx context.Context, r Reload, rows iter.Seq2[Row, error]) iter.Seq2[ReloadNews, error] {
	return job[ReloadNews](ctx, c, "/reload", r, rows)
}
