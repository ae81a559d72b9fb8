package callback

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// memory is what a guardian's file holds.
type memory struct {
	Format       int            `json:"format"`
	RememberedAt time.Time      `json:"rememberedAt"`
	Callbacks    []registration `json:"callbacks"` // no two of one address
	// History has comparisons, oldest first, see [Guardian.History].
	History []Comparison `json:"history,omitempty"`
}

const memoryFormat = 1

// longestHistory is how many comparisons are kept.
const longestHistory = 100

// keep keeps a comparison that says something new, and says whether it does: one
// that repaired something, or found other things than the one before.
func (m *memory) keep(c Comparison) bool {
	var last []Difference
	if n := len(m.History); n > 0 {
		last = m.History[n-1].Differences
	}
	repaired := slices.ContainsFunc(c.Differences, func(d Difference) bool { return d.Repaired })
	if !repaired && slices.EqualFunc(last, c.Differences, func(a, b Difference) bool { return reflect.DeepEqual(a, b) }) {
		return false
	}
	m.History = append(m.History, c)
	m.History = m.History[max(0, len(m.History)-longestHistory):]
	return true
}

// registration is a callback as it should be.
type registration struct {
	ID           api.ID `json:"id"` // zero if it is not known
	URL          string `json:"url"`
	Order        bool   `json:"order"`
	Product      bool   `json:"product"`
	Transmission bool   `json:"transmission"`
	Question     bool   `json:"question"`
	// HasToken: it has a token, which is not kept.
	HasToken bool `json:"hasToken,omitempty"`
	// TriedAt is when it was last tried to register it, kept until a list shows
	// it: it may be there, or come to be. It is stored before the call leaves.
	TriedAt time.Time `json:"triedAt,omitzero"`
	// AbsentSince is since when lists that came without a failure in between have
	// not shown it after that.
	AbsentSince time.Time `json:"absentSince,omitzero"`
}

// callback is what is sent to have it as it should be.
func (r *registration) callback(token api.Secret) api.Callback {
	return api.Callback{
		URL: r.URL, Token: token,
		OrderActive: r.Order, ProductActive: r.Product, TransmissionActive: r.Transmission, QuestionActive: r.Question,
	}
}

// remember makes a memory. Of two with one address the older one counts.
func remember(rows []api.Callback, now time.Time) memory {
	m := memory{Format: memoryFormat, RememberedAt: now.UTC()}
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b api.Callback) int { return int(min(max(a.ID-b.ID, -1), 1)) })
	for _, row := range rows {
		if slices.ContainsFunc(m.Callbacks, func(r registration) bool { return sameAddress(r.URL, row.URL) }) {
			continue
		}
		m.Callbacks = append(m.Callbacks, registration{
			ID: row.ID, URL: row.URL, HasToken: row.Token != "",
			Order: row.OrderActive, Product: row.ProductActive, Transmission: row.TransmissionActive, Question: row.QuestionActive,
		})
	}
	return m
}

// load reads the memory. A file that is not one is an error and left as it is.
func (g *Guardian) load() (memory, error) {
	data, err := os.ReadFile(g.config.Memory)
	if errors.Is(err, fs.ErrNotExist) {
		return memory{}, ErrNothingRemembered
	}
	if err != nil {
		return memory{}, fmt.Errorf("read memory: %w", err)
	}
	var m memory
	if err := json.Unmarshal(data, &m); err != nil {
		return memory{}, fmt.Errorf("memory %s is damaged (%w): remember the callbacks anew", g.config.Memory, err)
	}
	if m.Format != memoryFormat {
		return memory{}, fmt.Errorf("memory %s has format %d, this program knows %d", g.config.Memory, m.Format, memoryFormat)
	}
	return m, nil
}

// save replaces the memory: after a crash there is the old one or the new one.
func (g *Guardian) save(m memory) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("save memory: %w", err)
		}
	}()
	data, err := json.MarshalIndent(m, "", "\t")
	if err != nil {
		return err
	}
	next := g.config.Memory + ".new"
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(data, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(next, g.config.Memory); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(g.config.Memory))
}

// lockPoll is how often a lock is tried that another has.
const lockPoll = 50 * time.Millisecond

// lock keeps others from the memory, in this process and in others, until unlock.
// It waits until ctx ends.
func (g *Guardian) lock(ctx context.Context) (unlock func(), err error) {
	f, err := os.OpenFile(g.config.Memory+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock memory: %w", err)
	}
	for {
		locked, err := tryLock(f)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("lock memory: %w", err), f.Close())
		}
		if locked {
			return func() { _ = f.Close() }, nil // nothing was written to it
		}
		t := time.NewTimer(lockPoll)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return nil, errors.Join(fmt.Errorf("another guardian has the memory %s: %w", g.config.Memory, ctx.Err()), f.Close())
		}
	}
}
