package outbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

func TestBadEntriesAreRefusedAtOnceAndNothingIsStored(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := orderRig(t, h, func(o *outbox.Options) { o.MaxBody = 1000 })
		for text, e := range map[string]outbox.Entry{
			"Body: 1001 bytes":  {Kind: "stock", Key: "sku", Body: make([]byte, 1001)},
			"Key: it names":     {Kind: "stock"},
			`Kind: "cost"`:      {Kind: "cost", Key: "sku"},
			"Kind: \"\"":        {Key: "sku"},
			"at most 1024":      {Kind: "stock", Key: strings.Repeat("k", 1025)},
			"Group: 9":          {Kind: "stock", Key: "sku", Group: 9},
			"Once: a creation":  {Kind: "order", Key: "order-1"},
			"Once: an absolute": {Kind: "stock", Key: "sku", Once: "M-1"},
		} {
			_, err := r.o.Accept(t.Context(), e)
			require.ErrorIs(t, err, outbox.ErrInvalid)
			require.ErrorContains(t, err, text)
			_, err = r.o.AcceptAll(t.Context(), []outbox.Entry{{Kind: "stock", Key: "good"}, e})
			require.ErrorContains(t, err, "entry 1: ")
			require.ErrorContains(t, err, text)
		}
		require.Zero(t, r.o.Stats().Accepted)
		require.Zero(t, r.o.Stats().Waiting)
	})
}

func TestUnknownClassAndOtherBadOptionsAreRefused(t *testing.T) {
	t.Parallel()
	h := &outboxtest.Host{}
	for text, change := range map[string]func(o *outbox.Options){
		"stock has unknown class":   func(o *outbox.Options) { o.Kinds[0].Class = 0 },
		"stock has unknown class ":  func(o *outbox.Options) { o.Kinds[0].Class = 9 },
		"stock has no Deliver":      func(o *outbox.Options) { o.Kinds[0].Deliver = nil },
		"stock is named twice":      func(o *outbox.Options) { o.Kinds = append(o.Kinds, o.Kinds[0]) },
		"only absolute kinds":       func(o *outbox.Options) { o.Kinds[0].Class = outbox.Step; o.Kinds[0].MaxBatch = 2 },
		"Merge and Refresh are for": func(o *outbox.Options) { o.Kinds[0].Class = outbox.Once; o.Kinds[0].Merge = mergeFields },
		"MaxBackoff 1s is below":    func(o *outbox.Options) { o.MaxBackoff = time.Second; o.MinBackoff = time.Minute },
		"Stale is negative":         func(o *outbox.Options) { o.Stale = -1 },
		"StartRate 20":              func(o *outbox.Options) { o.StartRate = 20 },
		"Weights: group 2":          func(o *outbox.Options) { o.Weights[0] = 1 },
	} {
		opts := outbox.Options{Kinds: []outbox.Kind{h.Value("stock")}}
		change(&opts)
		dir := t.TempDir()
		_, err := outbox.Open(dir+"/outbox.db", opts)
		require.ErrorIs(t, err, outbox.ErrInvalid)
		require.ErrorContains(t, err, strings.TrimSpace(text))
		require.NoFileExists(t, dir+"/outbox.db")
	}
}

func TestSecondAddressingIsRefusedUntilTheAccountIsReaddressed(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, nil)
		by := func(account, way string) error {
			_, err := r.o.Accept(t.Context(), outbox.Entry{Kind: "stock", Account: account, Key: "sku", Addressing: way})
			return err
		}
		require.NoError(t, by("a", "partnerId"))
		check := func() {
			t.Helper()
			addressing := new(outbox.AddressingError)
			require.ErrorAs(t, by("a", "id"), &addressing)
			require.Equal(t, outbox.AddressingError{Account: "a", Family: "stock", Have: "partnerId", Got: "id"}, *addressing)
			require.Equal(t, uint64(1), r.o.Stats().Waiting)
		}
		check()
		r.crash()
		check()
		_, err := r.o.AcceptAll(t.Context(), []outbox.Entry{
			{Kind: "stock", Account: "b", Key: "1", Addressing: "id"}, {Kind: "stock", Account: "b", Key: "2", Addressing: "partnerId"},
		})
		require.ErrorAs(t, err, new(*outbox.AddressingError))
		require.ErrorIs(t, r.o.Readdress(t.Context(), "a", "stock"), outbox.ErrState)
		require.ErrorIs(t, r.o.Readdress(t.Context(), "a", "none"), outbox.ErrInvalid)
		r.run()
		r.drain(time.Minute)
		require.ErrorAs(t, by("a", "id"), new(*outbox.AddressingError), "a slip must not change it")
		require.NoError(t, r.o.Readdress(t.Context(), "a", "stock"))
		require.NoError(t, by("a", "id"))
		require.NoError(t, by("b", "id"))
		r.restart()
		require.ErrorAs(t, by("a", "partnerId"), new(*outbox.AddressingError))
	})
}
