package simulation

import (
	"fmt"
	"slices"
	"sync"

	"github.com/anymarket-go/sdk/outbox"
)

// Target is what a value is about.
type Target struct{ Account, Name string }

// Fields are parts of a value, by name.
type Fields map[string]string

// Values are the values that a program set. The zero Values are none. They are
// safe for concurrent use.
type Values struct {
	mu      sync.Mutex // guards the field below
	targets map[Target]*value
}

// value is what was said of a target.
type value struct {
	fields map[string]*field
	newest outbox.ID // of its entries
}

// field is one part of a value.
type field struct {
	said []string // in order
	sent int      // index of what was sent last
}

// Say notes a value before it is accepted. Fields that it leaves out stay.
func (v *Values) Say(t Target, fields Fields) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.targets == nil {
		v.targets = map[Target]*value{}
	}
	x := v.targets[t]
	if x == nil {
		x = &value{fields: map[string]*field{}}
		v.targets[t] = x
	}
	for name, said := range fields {
		f := x.fields[name]
		if f == nil {
			f = &field{}
			x.fields[name] = f
		}
		f.said = append(f.said, said)
	}
}

// Stored notes the entry of the value that was said last.
func (v *Values) Stored(t Target, id outbox.ID) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.targets[t].newest = id
}

// sent says what is wrong with sending fields of a target: each must have been
// said, and no older one follows a newer one.
func (v *Values) sent(t Target, fields Fields) (wrong []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	x := v.targets[t]
	if x == nil {
		return []string{fmt.Sprintf("%v was never said", t)}
	}
	for name, got := range fields {
		f := x.fields[name]
		if f == nil {
			wrong = append(wrong, fmt.Sprintf("%s of %v was never said", name, t))
			continue
		}
		n := slices.Index(f.said[f.sent:], got)
		if n < 0 {
			wrong = append(wrong, fmt.Sprintf("%s of %v is sent as %s, after %s", name, t, got, f.said[f.sent]))
			continue
		}
		f.sent += n
	}
	return wrong
}

// wrong compares what the outbox takes for settled with what is there. If all is
// settled everything must be there.
func (v *Values) wrong(o *outbox.Outbox, has func(Target) Fields, settled bool) (wrong []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for t, x := range v.targets {
		if !settled {
			if x.newest == (outbox.ID{}) {
				continue
			}
			rec, err := o.Show(x.newest)
			if err != nil {
				wrong = append(wrong, fmt.Sprintf("%v: %v", t, err))
				continue
			}
			if rec.State != outbox.Done || rec.InDoubt {
				continue
			}
		}
		there := has(t)
		for name, f := range x.fields {
			if want := f.said[len(f.said)-1]; there[name] != want {
				wrong = append(wrong, fmt.Sprintf("%s of %v is %q, want %s", name, t, there[name], want))
			}
		}
	}
	return wrong
}
