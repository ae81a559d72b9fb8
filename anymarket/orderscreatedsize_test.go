package anymarket

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
)

// What is known of creations does not grow with all that was ever stored.
func TestCodesOfWhatNoLongerWaitsAreForgotten(t *testing.T) {
	t.Parallel()
	c, err := newCore(Config{Outbox: filepath.Join(t.TempDir(), "anymarket.db"), Token: "t", BaseURL: "https://localhost"})
	require.NoError(t, err)
	options := c.Config.Options()
	options.Kinds = c.kinds()
	o, err := outbox.Open(c.config.Outbox, options)
	require.NoError(t, err)
	defer func() { require.NoError(t, o.Close()) }()
	find := func(partnerID string) bool {
		_, known, err := c.created.find(t.Context(), o, "", partnerID)
		require.NoError(t, err)
		return known
	}
	store := func(i int) outbox.Entry {
		return outbox.Entry{
			Kind: kindCreate, Key: fmt.Sprint("A/", i), Once: fmt.Sprint("A/", i), Body: fmt.Appendf(nil, `{"partnerId":"P-%d"}`, i),
		}
	}
	_, err = o.Accept(t.Context(), store(-1)) // which waits
	require.NoError(t, err)
	require.True(t, find("P--1"))
	for i := range manyCreated {
		c.created.note(store(i))
	}
	require.Len(t, c.created.keys, manyCreated+1)
	require.True(t, find("P--1"))
	require.Len(t, c.created.keys, 1)
	require.False(t, find("P-0"))
}
