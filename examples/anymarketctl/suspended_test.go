package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
)

// A batch tells by its exit code that nothing goes for want of a token, and what
// to do; who looks afterwards finds it too.
func TestSuspendedAccountIsAnAlarm(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tokens func(r *rig) map[string]string
		says   []string
	}{
		"refused": {
			func(r *rig) map[string]string { return map[string]string{"": "revoked", "b": r.fake.For("b").Token()} },
			[]string{"account (default) is suspended", "401", "ANYMARKET_TOKEN"},
		},
		"missing": {
			func(r *rig) map[string]string { return map[string]string{"b": r.fake.For("b").Token()} },
			[]string{"account (default) is suspended", "no token for the default account", "ANYMARKET_TOKEN"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whoeverHolds(t, func(t *testing.T, r *rig) {
				t.Helper()
				r.setTokens(c.tokens(r))
				got := r.send(stock("A", "1")+`{"op":"stock.set","account":"b","partnerId":"B","quantity":1}`+"\n", "--drain", "1500ms")
				require.Equal(t, exit.Alarm, got.code, got)
				for _, s := range c.says {
					require.Contains(t, got.errors, s)
				}
				require.Contains(t, got.errors, "1 left waiting")
				status := r.on("status")
				require.NotContains(t, status.out, "(default): open")
				why := r.on("why", receipts(t, got.out)[0].ID.String())
				require.Contains(t, why.out, c.says[1], why)
			})
		})
	}
}

// It ends by itself, and not before the other accounts are through.
func TestRunUntilEmptyEndsWithASuspendedAccount(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.setTokens(map[string]string{"": "revoked", "b": r.fake.For("b").Token()})
	ofB := `{"op":"stock.set","account":"b","partnerId":"B","quantity":1}` + "\n"
	r.fake.Maintenance(time.Hour)
	require.Equal(t, exit.Waiting, r.send(stock("A", "1")+ofB, "--drain", "0").code)
	r.fake.EndMaintenance()
	got := ctl(t, "", r.args("run", "--until-empty")...)
	require.Equal(t, exit.Alarm, got.code, got)
	require.Contains(t, got.out, "account (default) is suspended")
	require.Contains(t, got.out, "1 delivered")
	_, ok := r.fake.For("b").Stock("B", 0)
	require.True(t, ok)
}

func TestStatusNamesASuspendedAccount(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.setTokens(map[string]string{"": "revoked"})
	r.holder()
	require.Equal(t, exit.Alarm, r.send(stock("A", "1"), "--drain", "500ms").code)
	require.Contains(t, r.on("status").out, "the credential was refused of (default)")
}

func TestStatusOfAFileThatNobodyDelivers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	require.Equal(t, exit.Done, r.send(stock("A", "1")).code)
	got := r.on("status")
	require.Contains(t, got.out, "gate         not known: nobody delivers")
	require.NotContains(t, got.out, "open,")
	require.Contains(t, r.on("status", "--json").out, `"gates":[]`)
}
