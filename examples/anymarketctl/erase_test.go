package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
)

// erase erases the sale of Ana.
func (r *rig) erase(more ...string) result {
	r.t.Helper()
	return r.on(append([]string{"erase", "--account", "", "--kind", "order.create", "--key", "ECOMMERCE/A-1"}, more...)...)
}

// Nothing of the buyer is in what people read, nor in the file, after it.
func TestEraseLeavesNothingOfTheBuyer(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, r *rig) {
		const nf = "35240712345678000195550010000001231000001230"
		step := `{"op":"order.status","marketplace":"ECOMMERCE","marketPlaceId":"A-1","status":"INVOICED","invoice":{"accessKey":"` + nf + `","number":"1","series":"1"}}` + "\n"
		sent := receipts(t, r.send(saleOfAna+step+stock("A", "1"), "--drain", "0").out)
		require.True(t, r.shows("Ana Silva"), "else what is tested here proves nothing")
		require.True(t, r.shows(nf))

		got := r.erase()
		require.Equal(t, exit.Usage, got.code, got)
		require.Contains(t, got.errors, "--yes")
		require.True(t, r.shows("Ana Silva"))
		got = r.erase("--yes")
		require.Equal(t, exit.Done, got.code, got)
		require.Equal(t, "erased order.create ECOMMERCE/A-1 of account (default), 2 of it cancelled\n", got.out)
		for _, text := range []string{"Ana", nf} {
			require.False(t, r.shows(text), text)
			for _, args := range [][]string{
				{"show", sent[0].ID.String(), "--full"},
				{"show", sent[1].ID.String(), "--full"},
				{"show", sent[0].ID.String(), "--full", "--json"},
				{"list", "--json"},
				{"export"},
				{"export", "--format", "csv"},
				{"report", "--from", at(time.Now().Add(-time.Hour)), "--to", at(time.Now()), "--format", "json"},
				{"report", "--from", at(time.Now().Add(-time.Hour)), "--to", at(time.Now()), "--format", "html"},
			} {
				got := r.on(args...)
				require.Equal(t, exit.Done, got.code, got)
				require.NotContains(t, got.out, text, args)
			}
		}
		require.Contains(t, r.on("show", sent[0].ID.String()).out, "cancelled")
		require.Contains(t, r.on("show", sent[2].ID.String()).out, "waiting", "others go on")
		require.True(t, receipts(t, r.send(saleOfAna, "--drain", "0").out)[0].Duplicate)
		require.False(t, r.shows("Ana"))
		require.JSONEq(t, `{"kind":"order.create","account":"","key":"ECOMMERCE/A-1","cancelled":0,"done":"erased"}`, r.erase("--yes", "--json").out)
	})
}

func TestEraseWhatIsNotThere(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fake.Maintenance(time.Hour)
	r.send(saleOfAna+stock("A", "1"), "--drain", "0")
	for says, args := range map[string][]string{
		"nothing is stored under that key of that account":                    {"--account", "b", "--kind", "order.create", "--key", "ECOMMERCE/A-1"},
		"no order.status.id under that key of that account, but order.create": {"--account", "", "--kind", "order.status.id", "--key", "ECOMMERCE/A-1"},
		"stock.set is of absolute values":                                     {"--account", "", "--kind", "stock.set", "--key", "0@A"},
	} {
		got := r.on(append([]string{"erase", "--yes"}, args...)...)
		require.Equal(t, exit.Failed, got.code, got)
		require.Contains(t, got.errors, says)
	}
	for _, args := range [][]string{
		{"--kind", "order.create", "--key", "ECOMMERCE/A-1"},
		{"--account", "", "--key", "ECOMMERCE/A-1"},
		{"--account", "", "--kind", "order.create"},
		{"--account", "", "--kind", "orders", "--key", "ECOMMERCE/A-1"},
	} {
		require.Equal(t, exit.Usage, r.on(append([]string{"erase", "--yes"}, args...)...).code, args)
	}
	require.True(t, r.shows("Ana Silva"))
}

func TestEraseSale(t *testing.T) {
	t.Parallel()
	r := newMarketRig(t)
	r.fake.Maintenance(time.Hour)
	sale := `{"op":"sale.notify","account":"ana","sale":{"marketPlaceId":"S-1","status":"PENDING","buyer":{"name":"Ana Silva"}}}` + "\n"
	got := r.send(sale+marked("ana", "S-1", `"status":"PAID"`), r.market("--drain", "0")...)
	require.Equal(t, exit.Waiting, got.code, got)
	require.True(t, r.shows("Ana Silva"))
	got = r.on("erase", "--account", "ana", "--kind", "sale.mark", "--key", "S-1", "--yes")
	require.Equal(t, exit.Done, got.code, got)
	require.False(t, r.shows("Ana Silva"))
	r.fake.EndMaintenance()
	require.Equal(t, exit.Done, r.send("", r.market()...).code)
	require.Empty(t, r.fake.For("ana").Orders())
}

// Somebody sits at the terminal.
func TestEraseAsks(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fake.Maintenance(time.Hour)
	r.send(saleOfAna, "--drain", "0")
	args := []string{"erase", "--account", "", "--kind", "order.create", "--key", "ECOMMERCE/A-1", "--outbox", r.outbox}
	for _, answer := range []string{"n\n", "\n", "yesterday\n", "\x04"} {
		keyboard, terminal := openTerminal(t)
		c := begin(t.Context(), terminal, args...)
		until(t, "it asks", func() bool { return strings.HasSuffix(c.errors.String(), "[y/N] ") })
		require.Contains(t, c.errors.String(), "Erase order.create ECOMMERCE/A-1 of account (default)?")
		_, err := keyboard.WriteString(answer)
		require.NoError(t, err)
		got := c.wait(t)
		require.Equal(t, exit.Failed, got.code, got)
		require.Contains(t, got.errors, "nothing was erased")
	}
	require.True(t, r.shows("Ana Silva"))

	keyboard, terminal := openTerminal(t)
	ctx, interrupt := context.WithCancel(t.Context())
	c := begin(ctx, terminal, args...)
	until(t, "it asks", func() bool { return strings.HasSuffix(c.errors.String(), "[y/N] ") })
	interrupt()
	require.Equal(t, exit.Failed, c.wait(t).code)
	require.True(t, r.shows("Ana Silva"))
	_, err := keyboard.WriteString("\n") // what still reads ends
	require.NoError(t, err)

	keyboard, terminal = openTerminal(t)
	c = begin(t.Context(), terminal, args...)
	until(t, "it asks", func() bool { return strings.HasSuffix(c.errors.String(), "[y/N] ") })
	require.Equal(t, exit.Done, r.on("status").code, "others have the file meanwhile")
	_, err = keyboard.WriteString("Y\n")
	require.NoError(t, err)
	require.Equal(t, exit.Done, c.wait(t).code)
	require.False(t, r.shows("Ana Silva"))
}
