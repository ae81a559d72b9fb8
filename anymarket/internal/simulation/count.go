package simulation

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

// count counts what requests met, from the fake's log.
func (s *Simulation) count() {
	made := map[Target]time.Time{}
	last := map[string]int{} // request of the latest effect, by what it changed
	for _, e := range s.Server.Effects() {
		key := fmt.Sprint(e.Account, e.Kind, e.Key)
		if e.Request > 0 && e.Request < last[key] {
			s.met[wasReordered]++
		}
		last[key] = max(last[key], e.Request)
		if e.Kind == anymarkettest.OrderCreated {
			var doc struct{ MarketPlaceID string }
			if json.Unmarshal([]byte(e.Value), &doc) == nil {
				made[Target{e.Account, doc.MarketPlaceID}] = e.At
			}
		}
	}
	for _, r := range s.Server.Log() {
		s.calls++
		s.countFault(r.Fault, r.Status)
		if _, id, ok := strings.Cut(r.Path, "/orders"); ok && r.Method == "GET" {
			id = strings.Trim(id, "/") + r.Query.Get("marketplaceId")
			if at, ok := made[Target{r.Account, id}]; ok && !r.At.Before(at) && r.At.Sub(at) < s.world.LookupLag {
				s.met[wasHidden]++
			}
		}
	}
}

func (s *Simulation) countFault(fault string, status int) {
	mode, late := strings.CutSuffix(fault, ", applied late")
	mode, applied := strings.CutSuffix(mode, ", applied")
	switch {
	case late:
		s.met[wasLate]++
	case applied:
		s.met[wasApplied]++
	}
	switch {
	case strings.HasPrefix(mode, "maintenance: "):
		s.met[mode]++
	case strings.HasPrefix(mode, "the answer was lost"):
		s.met[wasCutOff]++
	case mode == "" && status == 429:
		s.met[wasLimited]++
	case mode == "" && (status == 401 || status == 403):
		s.met[wasRefused]++
	case mode != "" && !strings.Contains(mode, "client gave up") && !strings.HasPrefix(mode, "request cut"):
		s.met["fault: "+mode]++
	}
}
