package outbox

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// whole makes a record of fuzzed bytes that passes its checksum, so that what is
// behind it is reached.
func whole(key, value []byte) []byte {
	if len(value) < 6 {
		return value
	}
	value = bytes.Clone(value)
	value[4] = codecFormat + value[4]&1
	return withChecksum(key, value)
}

// FuzzEntry reads any bytes as a stored entry. What can be read takes no more
// room than its bytes, and is the same when it is stored again.
func FuzzEntry(f *testing.F) {
	now := time.Date(2024, 7, 28, 4, 0, 0, 0, time.UTC)
	full := stored{
		seq: 7, flags: flagParked | flagTried, group: 3, pending: Unknown, kind: "stock", account: "a", key: "SKU-1", once: "M-1", reason: "refused",
		acceptedAt: now.UnixNano(), dueAt: 5, asOf: -5, attempts: 2, sends: 1, confirmAt: time.Hour, unknownSince: 1, notFoundSince: 2,
		body: []byte(`{"quantity":7}`), merged: []byte(`{"quantity":7,"cost":1}`),
	}
	bare, sealed := stored{seq: 1, kind: "k", key: "k", acceptedAt: 1}, full
	sealed.sealed = true
	for _, s := range []stored{full, bare, sealed, unreadableEntry(9, []byte("\x00\xff"), errUnreadable, now)} {
		f.Add(s.seq, s.encode())
	}
	f.Add(uint64(1), bytes.Repeat([]byte{0xff}, 40)) // numbers without an end, lengths beyond it
	g, err := newSeals([][]byte{make([]byte, KeySize)})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, seq uint64, value []byte) {
		key := seqKey(seq)
		_, _ = decodeStored(key, value) // as it is
		value = whole(key, value)
		s, err := decodeStored(key, value)
		if err != nil {
			require.ErrorIs(t, err, errUnreadable)
			return
		}
		require.Equal(t, seq, s.seq)
		require.LessOrEqual(t, len(s.kind)+len(s.account)+len(s.key)+len(s.once)+len(s.reason)+len(s.body)+len(s.merged), len(value))
		again, err := decodeStored(key, s.encode())
		require.NoError(t, err)
		require.Equal(t, s, again)
		if s.sealed {
			require.Equal(t, len(s.body)+len(s.merged) > 0, (*seals)(nil).open(&again) != nil, "nothing opens without its key")
			require.Equal(t, len(s.body)+len(s.merged) > 0, g.open(&s) != nil, "or with another one")
			return
		}
		opened, err := g.decode(key, g.seal(&s).encode())
		require.NoError(t, err)
		require.Equal(t, s.toSend(), opened.toSend())
		_ = s.record(1)
	})
}

// FuzzEvent is FuzzEntry for what happened.
func FuzzEvent(f *testing.F) {
	at := time.Date(2024, 7, 28, 4, 0, 0, 0, time.UTC)
	final := stored{seq: 7, kind: "stock", key: "SKU-1", acceptedAt: 1, attempts: 3, body: []byte("{}")}
	attempt := Event{Type: EventAttempt, Verdict: Unknown, At: at, Attempt: 9, LookUp: true, Confirming: true, Reason: "timeout"}
	ended := Event{Type: EventSuperseded, At: at, By: ID{file: 1, seq: 8}, Duplicate: true}
	f.Add(uint64(7), uint64(1), encodeEvent(historyKey(7, 1), &attempt, nil))
	f.Add(uint64(7), uint64(2), encodeEvent(historyKey(7, 2), &ended, &final))
	f.Fuzz(func(t *testing.T, seq, number uint64, value []byte) {
		key := historyKey(seq, number)
		_, _, _ = decodeEvent(1, key, value) // as it is
		value = whole(key, value)
		e, final, err := decodeEvent(1, key, value)
		if err != nil {
			require.ErrorIs(t, err, errUnreadable)
			return
		}
		_ = e.Type.String() + e.Verdict.String()
		if e.At.IsZero() { // the first moment of 1970 is that of no event
			return
		}
		again, finalAgain, err := decodeEvent(1, key, encodeEvent(key, &e, final))
		require.NoError(t, err)
		require.Equal(t, e, again)
		require.Equal(t, final, finalAgain)
		shown, err := (*seals)(nil).event(1, key, value)
		if err == nil {
			require.Equal(t, final != nil, shown.Entry != nil)
		}
	})
}

// FuzzRecords reads any bytes as each of the records that are no entries and no
// events.
func FuzzRecords(f *testing.F) {
	created := creation{seq: 7, expiresAt: 5, deliveredAt: 4, data: []byte("77"), cancelled: true, fields: []fieldHash{{name: "total"}, {name: ""}}}
	f.Add([]byte("key"), created.encode([]byte("key")))
	f.Add([]byte(metaCounters), (&counters{delivered: 1, superseded: 2, historyBytes: 1 << 40}).encode())
	f.Add(seqKey(1), append(make([]byte, 4), codecFormat, 0, 3, 7, 8, 9))
	f.Add(seqKey(1), append(make([]byte, 4), codecFormat, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1)) // as many as there are numbers
	f.Add(seqKey(2), append([]byte{0, 0, 0, 0, codecFormat, 0}, `{"at":"2024-07-28T04:00:00Z","scope":"host","open":true,"cause":"window"}`...))
	f.Fuzz(func(t *testing.T, key, value []byte) {
		value = whole(key, value)
		if c, err := decodeCreation(key, value); err == nil {
			require.LessOrEqual(t, len(c.fields)*17, len(value))
			again, err := decodeCreation(key, c.encode(key))
			require.NoError(t, err)
			require.Equal(t, c, again)
			require.Empty(t, differing(nil, nil))
		}
		if seqs, err := decodeFlight(key, value); err == nil {
			require.Less(t, len(seqs), len(value))
		}
		if c, err := decodeGateChange(key, value); err == nil {
			_, err := json.Marshal(c)
			require.NoError(t, err)
		}
		value = whole([]byte(metaCounters), value)
		if c, err := decodeCounters(value); err == nil {
			again, err := decodeCounters(c.encode())
			require.NoError(t, err)
			require.Equal(t, c, again)
		}
	})
}

// FuzzGateState starts a gate with any stored state: it answers for every host
// and account, within the bounds that it was given, and what it would store is
// what it would be started with again.
func FuzzGateState(f *testing.F) {
	for _, state := range []string{
		`{}`, `{"paused":true,"pause_reason":"stocktaking"}`,
		`{"hosts":{"h":{"uptime":3600000000000,"window":{"start":"2024-07-28T04:00:00Z","end":"2024-07-28T08:00:00Z","failed":true}}},"accounts":{"a":{"ceiling":3.5}}}`,
		`{"hosts":{"h":{"uptime":-1,"window":{"start":"9999-12-31T23:59:59Z","end":"0001-01-01T00:00:00Z"}}},"accounts":{"a":{"ceiling":-1e308},"b":{"ceiling":1e308,"paused":true}}}`,
	} {
		f.Add([]byte(state), int64(1722139200))
	}
	f.Fuzz(func(t *testing.T, state []byte, unix int64) {
		var saved gateState
		if json.Unmarshal(state, &saved) != nil {
			return
		}
		const lowest, highest = 1, 10
		now := time.Unix(unix%(1<<33), 0)
		g := newGate(gateOptions{
			canary: true, canaryInterval: 30 * time.Second, startRate: lowest, maxRate: highest, maxRetryAfter: 15 * time.Minute, probeInterval: time.Minute,
		}, saved, now)
		for host := range saved.Hosts {
			require.GreaterOrEqual(t, g.uptime(host), time.Duration(0))
		}
		for _, s := range g.status(now) {
			require.Equal(t, s.Open, s.Reason == "")
			require.GreaterOrEqual(t, s.Rate, lowest*paceFloor)
			require.LessOrEqual(t, s.Rate, float64(highest))
		}
		first := g.state(now)
		_, err := json.Marshal(first)
		require.NoError(t, err)
		require.Equal(t, first, newGate(g.o, first, now).state(now))
	})
}

// FuzzID reads what people type as the id of an entry.
func FuzzID(f *testing.F) {
	for _, text := range []string{"9f86d081-118", "00000000-0", "ffffffff-18446744073709551615", "9f86d081-+1", "9F86D081-01", "-"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := ParseID(text)
		if err != nil {
			require.Zero(t, id)
			return
		}
		again, err := ParseID(id.String())
		require.NoError(t, err)
		require.Equal(t, id, again)
		require.NotZero(t, id.Sequence())
	})
}
