package callback_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/callback"
	"github.com/anymarket-go/sdk/outbox"
)

func TestKeysSealNotifications(t *testing.T) {
	const told = "told-of-the-order"
	change := func(c *callback.Config) { c.Keys = [][]byte{bytes.Repeat([]byte{1}, outbox.KeySize)} }
	in(t, anymarkettest.Options{}, change, func(r *rig) {
		r.order(7, told)
		require.NoError(r.t, r.r.Close())
		b, err := os.ReadFile(r.config.Inbox)
		require.NoError(r.t, err)
		require.NotContains(r.t, string(b), told)

		keys := r.config.Keys
		r.config.Keys = nil
		_, err = callback.Open(r.config)
		require.ErrorIs(r.t, err, outbox.ErrKeys)
		r.config.Keys = [][]byte{[]byte("short")}
		_, err = callback.Open(r.config)
		var wrong *api.FieldError
		require.ErrorAs(r.t, err, &wrong)
		require.Equal(r.t, "Keys[0]", wrong.Field)
		after, err := os.ReadFile(r.config.Inbox)
		require.NoError(r.t, err)
		require.Equal(r.t, b, after)

		r.config.Keys = keys
		r.open()
		r.run()
		time.Sleep(time.Minute)
		require.Equal(r.t, []string{told}, r.p.notifications()[0].Events)
	})
}
