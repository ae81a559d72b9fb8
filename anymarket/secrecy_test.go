package anymarket_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
)

func TestSecretsOfConfigAreNotShown(t *testing.T) {
	t.Parallel()
	key := bytes.Repeat([]byte{0xC5}, 32)
	v := anymarket.Config{Outbox: "file.db", Token: "s3cr3t-t0ken", Keys: [][]byte{key}}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", slog.Any("v", v))
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", slog.Any("v", v))
	for _, shown := range []string{
		fmt.Sprintf("%v %+v %#v %s %q", v, v, v, v, v), fmt.Sprintf("%+v %#v", &v, []any{v}), log.String(),
	} {
		require.NotContains(t, shown, "s3cr3t")
		require.NotContains(t, shown, "197")
		require.NotContains(t, shown, "c5")
	}
	require.Contains(t, v.String(), "file.db")
}
