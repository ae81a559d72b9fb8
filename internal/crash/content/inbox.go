package content

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/anymarket/callback"
	"github.com/anymarket-go/sdk/outbox"
)

// MostTold is how many values the inbox keeps of those that were merged.
const MostTold = 32

const secret = "a-secret-of-the-kit"

// ois are the oi of the accounts.
func ois() map[string]string { return map[string]string{"ana": "1.", "bob": "2."} }

// Inbox is the configuration of an inbox in dir. Bodies are sealed with the key of
// that number. The overlay of package plant makes its pauses short.
func Inbox(dir string, handle func(context.Context, callback.Notification) error, observe func(outbox.Event), key int) callback.Config {
	accounts := map[string]string{}
	for account, oi := range ois() {
		accounts[oi] = account
	}
	return callback.Config{
		Inbox: filepath.Join(dir, "db"), Secrets: []string{secret}, Accounts: accounts, Handle: handle, Observer: observe,
		MaxRate: 1e6, Keys: keys(key), DrainTimeout: 2 * time.Second,
		MaxAttempts: 1 << 20, // only what is rejected dies: what was merged into that is known then
	}
}

// Post posts a value of a resource, as ANYMARKET does, and returns the status of
// the answer. A value without Carry has no metadata.
func Post(r *callback.Receiver, resource string, v Value) (status int, err error) {
	parts := strings.Split(resource, "/")
	if len(parts) != 3 {
		return 0, fmt.Errorf("%q is no resource", resource)
	}
	type content struct {
		ID       string `json:"id"`
		OI       string `json:"oi"`
		Metadata []byte `json:"metadata,omitempty"`
	}
	push := struct {
		Type    string  `json:"type"`
		Event   string  `json:"event"`
		Content content `json:"content"`
	}{Type: parts[1], Event: v.String(), Content: content{ID: parts[2], OI: ois()[parts[0]]}}
	if v.Carry != 0 {
		push.Content.Metadata = v.Body()
	}
	body, err := json.Marshal(push)
	if err != nil {
		return 0, fmt.Errorf("encode a notification: %w", err)
	}
	rec := httptest.NewRecorder()
	r.ServeHTTP(rec, httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/hook/"+secret, bytes.NewReader(body)))
	return rec.Code, nil
}

// Resource names the resource of a stored notification.
func Resource(e outbox.Entry) string { return e.Account + "/" + strings.Replace(e.Key, " ", "/", 1) }

// ResourceOf names the resource of a notification.
func ResourceOf(n callback.Notification) string {
	return n.Account + "/" + string(n.Type) + "/" + n.ID
}

// Merged is what a notification says: the values that it covers, its own last, and
// the one whose metadata it has, zero if it has none.
type Merged struct {
	Told []Value
	Meta Value
}

// Own is the value that the notification was posted with; the others were merged
// into it.
func (m Merged) Own() Value { return m.Told[len(m.Told)-1] }

// Covers says whether a value is one of those told.
func (m Merged) Covers(v Value) bool { return slices.Contains(m.Told, v) }

// String is one word, that [ParseMerged] reads.
func (m Merged) String() string {
	words := []string{m.Meta.String()}
	for _, v := range m.Told {
		words = append(words, v.String())
	}
	return strings.Join(words, ",")
}

// ParseMerged reads what String wrote.
func ParseMerged(s string) (m Merged, err error) {
	words := strings.Split(s, ",")
	if m.Meta, err = ParseValue(words[0]); err != nil {
		return m, fmt.Errorf("metadata: %w", err)
	}
	return m, m.tell(words[1:])
}

// MergedOf reads the events and the metadata of a notification.
func MergedOf(events []string, metadata json.RawMessage) (m Merged, err error) {
	if metadata != nil {
		var body []byte
		if err := json.Unmarshal(metadata, &body); err != nil {
			return m, fmt.Errorf("metadata: %w", err)
		}
		if m.Meta, err = ParseBody(body); err != nil {
			return m, fmt.Errorf("metadata: %w", err)
		}
	}
	return m, m.tell(events)
}

// StoredMerged reads the body of a stored notification.
func StoredMerged(body []byte) (Merged, error) {
	var stored struct {
		Events   []string        `json:"events"`
		Metadata json.RawMessage `json:"metadata"`
	}
	if err := json.Unmarshal(body, &stored); err != nil {
		return Merged{}, fmt.Errorf("stored notification: %w", err)
	}
	return MergedOf(stored.Events, stored.Metadata)
}

func (m *Merged) tell(events []string) error {
	for _, e := range events {
		v, err := ParseValue(e)
		if err != nil {
			return fmt.Errorf("event: %w", err)
		}
		m.Told = append(m.Told, v)
	}
	if m.Told == nil {
		return errors.New("a notification without events")
	}
	return nil
}
