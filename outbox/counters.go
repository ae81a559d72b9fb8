package outbox

import (
	"encoding/binary"
	"fmt"
)

// counters are the sums over the life of the file that cannot be counted from
// what is stored. What was accepted is the sequence of the bucket entries.
type counters struct {
	delivered, superseded, cancelled uint64
	historyBytes                     uint64
	// forgotten is the moment, in Unix nanoseconds, of the newest event that the
	// history has lost to retention.
	forgotten uint64
	// longestRefreshed is the longest time, in nanoseconds, from accepting a value
	// to refreshing it: what was accepted that long ago may be as of now.
	longestRefreshed uint64
	// changed: differs from what is stored.
	changed bool
}

func (c *counters) encode() []byte {
	b := append(make([]byte, 4, 64), codecFormat, 0)
	for _, v := range []uint64{c.delivered, c.superseded, c.cancelled, c.historyBytes, c.forgotten, c.longestRefreshed} {
		b = binary.AppendUvarint(b, v)
	}
	return withChecksum([]byte(metaCounters), b)
}

func decodeCounters(value []byte) (c counters, err error) {
	if value == nil {
		return c, nil
	}
	_, fields, err := verified([]byte(metaCounters), value)
	if err != nil {
		return c, fmt.Errorf("%w: meta/%s: %w", ErrFormat, metaCounters, err)
	}
	r := reader{b: fields}
	c.delivered, c.superseded, c.cancelled, c.historyBytes, c.forgotten, c.longestRefreshed = r.uint(), r.uint(), r.uint(), r.uint(), r.uint(), r.uint()
	return c, r.end()
}

// saveCounters is the last write of a transaction.
func (o *Outbox) saveCounters(t *tx) {
	if o.counters.changed {
		o.counters.changed = false
		t.put(inMeta, []byte(metaCounters), o.counters.encode())
	}
	o.accepted = t.bucket(inEntries).Sequence()
}

func (o *Outbox) loadCounters(t *tx) (err error) {
	o.counters, err = decodeCounters(t.get(inMeta, []byte(metaCounters)))
	o.accepted = t.bucket(inEntries).Sequence()
	return err
}
