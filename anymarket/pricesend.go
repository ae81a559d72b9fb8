package anymarket

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/verdict"
	"github.com/anymarket-go/sdk/outbox"
)

// target is an entry of a batch of prices: the ads that it means, or the result
// if it cannot be sent.
type target struct {
	body   priceBody
	ads    []ID
	result outbox.Result
}

// putPrices looks up the ads that are meant and sets the prices of all of them
// in one call. An entry is delivered if all its ads took the price. What is
// refused as a whole is split by the outbox.
func (c *core) putPrices(ctx context.Context, batch []outbox.Lease) outbox.Answer {
	account := batch[0].Account
	targets, broken := c.targets(ctx, batch)
	if broken != nil {
		return *broken
	}
	var prices []api.AdPrice
	for _, t := range targets {
		for _, ad := range t.ads {
			prices = append(prices, api.AdPrice{ID: ad, Price: t.body.Price, DiscountPrice: t.body.DiscountPrice})
		}
	}
	answer := outbox.Answer{Result: outbox.Result{Verdict: outbox.Rejected, Reason: "nothing could be sent"}}
	var failed map[ID]string
	if len(prices) > 0 {
		results, err := c.Of(account).Prices().PutAds(ctx, prices...)
		if answer = verdict.OfEntry(outbox.Absolute, err); answer.Verdict != outbox.Delivered {
			if answer.Verdict == outbox.Rejected && len(targets) == 1 {
				c.ads.forget(account, targets) // perhaps an ad is gone
			}
			return answer
		}
		failed = api.FailedAds(results)
	}
	answer.Items = make([]outbox.Result, len(targets))
	for i, t := range targets {
		answer.Items[i] = t.outcome(failed)
	}
	return answer
}

// outcome is what a successful call proved for one entry.
func (t target) outcome(failed map[ID]string) outbox.Result {
	if t.result.Verdict != 0 {
		return t.result
	}
	for _, ad := range t.ads {
		if why, bad := failed[ad]; bad {
			return outbox.Result{Verdict: outbox.Rejected, Reason: "ad " + ad.String() + ": " + verdict.Short(why)}
		}
	}
	return outbox.Result{Verdict: outbox.Delivered}
}

// targets finds the ads of a batch. The first look-up goes on the permit of the
// call that they are for, so that a call that tests the host can be made; each
// further one has a permit of its own. broken is an answer that is about host
// or account.
func (c *core) targets(ctx context.Context, batch []outbox.Lease) (targets []target, broken *outbox.Answer) {
	account := batch[0].Account
	targets = make([]target, len(batch))
	looked, found := false, false
	for i, l := range batch {
		t := &targets[i]
		if err := json.Unmarshal(l.Body, &t.body); err != nil {
			t.result = verdict.Unreadable(err).Result
			continue
		}
		if t.body.Ad != 0 {
			t.ads, found = []ID{t.body.Ad}, true
			continue
		}
		ads, known := c.ads.get(account, t.body.PartnerID, time.Now())
		if !known {
			answer, err := c.lookUpAds(ctx, account, t.body.PartnerID, looked)
			looked = true
			var closed *outbox.ClosedError
			switch {
			case errors.As(err, &closed) && found:
				// What was found can go; for this one there is another time.
				t.result = outbox.Result{Verdict: outbox.Unavailable, Reason: closed.Error()}
				continue
			case err != nil:
				return nil, &outbox.Answer{Result: outbox.Result{Verdict: outbox.Unavailable, Reason: err.Error()}}
			case answer.Verdict == outbox.Rejected:
				t.result = outbox.Result{Verdict: outbox.Rejected, Reason: answer.Reason}
				continue
			case answer.Verdict != outbox.Delivered:
				return nil, &answer
			}
			ads, _ = c.ads.get(account, t.body.PartnerID, time.Now())
		}
		for _, ad := range ads {
			if ad.marketplace == t.body.Marketplace {
				t.ads = append(t.ads, ad.id)
			}
		}
		found = found || len(t.ads) > 0
		if len(t.ads) == 0 {
			t.result = outbox.Result{Verdict: outbox.Rejected, Reason: "the SKU has no ad in " + t.body.Marketplace}
		}
	}
	return targets, nil
}

// lookUpAds puts the ads of a SKU into the cache.
func (c *core) lookUpAds(ctx context.Context, account, partnerID string, permit bool) (outbox.Answer, error) {
	call := func(ctx context.Context) outbox.Answer {
		ads, err := c.Of(account).SKUs().AdsByPartnerID(ctx, partnerID)
		if err == nil {
			c.ads.put(account, partnerID, ads, time.Now())
		}
		return verdict.OfRead(err)
	}
	if !permit {
		return call(ctx), nil
	}
	return c.Outbox.Read(ctx, "", account, false, call)
}

// Bounds of the cache: ads come and go seldom, and are a few bytes each.
const (
	adCacheTime = 15 * time.Minute
	adCacheSize = 200_000 // SKUs
)

// adCache remembers which ads a SKU has. The zero adCache is empty.
type adCache struct {
	mu   sync.Mutex // guards the field below
	skus map[skuKey]cachedAds
}

type skuKey struct{ account, partnerID string }

type cachedAds struct {
	at  time.Time
	ads []cachedAd
}

type cachedAd struct {
	id          ID
	marketplace string
}

func (c *adCache) get(account, partnerID string, now time.Time) ([]cachedAd, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.skus[skuKey{account, partnerID}]
	return found.ads, ok && now.Sub(found.at) < adCacheTime
}

func (c *adCache) put(account, partnerID string, ads []api.Ad, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.skus == nil || len(c.skus) >= adCacheSize {
		c.skus = map[skuKey]cachedAds{}
	}
	entry := cachedAds{at: now}
	for _, ad := range ads {
		entry.ads = append(entry.ads, cachedAd{ad.ID, strings.ToUpper(ad.Marketplace)})
	}
	c.skus[skuKey{account, partnerID}] = entry
}

// forget drops what was used for targets.
func (c *adCache) forget(account string, targets []target) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range targets {
		delete(c.skus, skuKey{account, t.body.PartnerID})
	}
}
