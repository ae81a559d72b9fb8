package anymarkettest

import (
	"maps"
	"slices"
	"time"
)

// Account is one seller with a token. Everything it has is its own.
type Account struct {
	s    *Server
	name string
	num  int64  // idAccount
	oi   string // as in callbacks

	// Guarded by Server.mu.
	token     string
	span      time.Time // the span of time of the limit, and how much of it is used
	used      int
	locations map[int64]Location
	skus      map[int64]*SKU
	codes     map[string]*SKU   // the same by partner id
	refused   map[string]string // partnerId -> why
	ads       map[int64]*Ad
	rows      map[rowKey]*row
	adsByCode map[string][]*Ad // by partner id
	orders    map[int64]*order
	byKey     map[orderKey][]*order
	campaigns map[int64]Campaign
	callbacks map[int64]*registration
	feeds     map[string]map[feedKey]*feedEntry // by ORDER, PRODUCT, TRANSMISSION
	fiscal    map[int64][]byte                  // fiscal documents by order
}

// For returns the account of a name, a new one with a token of its own if there
// is none.
func (s *Server) For(name string) *Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.accounts {
		if a.name == name {
			return a
		}
	}
	n := int64(len(s.accounts) + 1)
	a := &Account{
		s: s, name: name, num: 999_000 + n, oi: itoa(999_000+n) + ".", token: "token-" + name,
		locations: map[int64]Location{1: {ID: 1, Name: "Dep\u00f3sito", Default: true}},
		skus:      map[int64]*SKU{},
		codes:     map[string]*SKU{},
		refused:   map[string]string{},
		ads:       map[int64]*Ad{},
		rows:      map[rowKey]*row{},
		adsByCode: map[string][]*Ad{},
		orders:    map[int64]*order{},
		byKey:     map[orderKey][]*order{},
		campaigns: map[int64]Campaign{},
		callbacks: map[int64]*registration{},
		feeds:     map[string]map[feedKey]*feedEntry{},
		fiscal:    map[int64][]byte{},
	}
	s.accounts = append(s.accounts, a)
	s.tokens[a.token] = a
	return a
}

// Name is the name of the account.
func (a *Account) Name() string { return a.name }

// OI is the account's identifier in callbacks.
func (a *Account) OI() string { return a.oi }

// Token is the token that the account's calls must carry.
func (a *Account) Token() string {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	return a.token
}

// SetToken revokes the token and makes another one valid; empty makes none.
func (a *Account) SetToken(token string) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	delete(a.s.tokens, a.token)
	a.token = token
	if token != "" {
		a.s.tokens[token] = a
	}
}

// Revoke makes the token invalid; SetToken ends that.
func (a *Account) Revoke() { a.SetToken("") }

// Refuse makes ANYMARKET refuse each stock and price of a SKU, with this text.
// An empty text ends that.
func (a *Account) Refuse(partnerID, text string) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.refused[partnerID] = text
	if text == "" {
		delete(a.refused, partnerID)
	}
}

// Campaign is a campaign of a marketplace.
type Campaign struct {
	ID          int64
	Title       string
	Description string
	Marketplace string
	Start, End  time.Time
	// Status is SCHEDULED, ACTIVE or FINALIZED; empty follows the clock.
	Status   string
	Products int64
}

// AddCampaign adds a campaign and returns its id.
func (a *Account) AddCampaign(c Campaign) int64 {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	c.ID = a.s.idLocked("campaign", c.ID)
	a.campaigns[c.ID] = c
	return c.ID
}

func (c Campaign) status(now time.Time) string {
	switch {
	case c.Status != "":
		return c.Status
	case now.Before(c.Start):
		return "SCHEDULED"
	case now.Before(c.End):
		return "ACTIVE"
	default:
		return "FINALIZED"
	}
}

func (c *call) campaign(k Campaign) map[string]any {
	const ms = "2006-01-02T15:04:05.000Z"
	out := map[string]any{
		"id": k.ID, "title": k.Title, "description": k.Description, "idAccount": itoa(c.a.num), "accountName": c.a.name,
		"initialDate": k.Start.UTC().Format(ms), "finalDate": k.End.UTC().Format(ms),
		"marketplace": k.Marketplace, "status": k.status(c.now), "productsCount": k.Products,
	}
	if c.s.o.OtherSpelling {
		out["idAccount"] = c.a.num
	}
	return out
}

// listCampaigns answers GET /campaigns.
func listCampaigns(c *call) answer {
	status := c.param("status")
	if status != "" && !slices.Contains([]string{"SCHEDULED", "ACTIVE", "FINALIZED"}, status) {
		return c.refuse(400, "Status de campanha inv\u00e1lido: %s", status)
	}
	offset, limit, bad := c.limits()
	if bad != nil {
		return *bad
	}
	var all []map[string]any
	for _, k := range sortedBy(c.a.campaigns) {
		if status == "" || k.status(c.now) == status {
			all = append(all, c.campaign(k))
		}
	}
	values := append([]map[string]any{}, cut(all, offset, limit)...)
	return c.value(200, map[string]any{"pageSize": limit, "count": len(all) + c.s.o.CampaignCountOff, "start": offset, "values": values})
}

// getCampaign answers GET /campaigns/{id} and /campaigns/active/{id}/{marketplace}.
func getCampaign(c *call) answer {
	k, ok := c.a.campaigns[c.pathID("id")]
	if mp := c.r.PathValue("marketplace"); mp != "" {
		ok = ok && k.Marketplace == mp && k.status(c.now) == "ACTIVE"
	}
	if !ok {
		return c.missing(c.r.PathValue("id"))
	}
	return c.value(200, c.campaign(k))
}

// Accounts returns all accounts in the order in which they came.
func (s *Server) Accounts() []*Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.accounts)
}

// Fiscal returns the fiscal documents that came, by order.
func (a *Account) Fiscal() map[int64][]byte {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.s.settleLocked(time.Now())
	return maps.Clone(a.fiscal)
}
