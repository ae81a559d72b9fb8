package callback_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/callback"
)

func TestSecretsOfConfigAreNotShown(t *testing.T) {
	t.Parallel()
	key := bytes.Repeat([]byte{0xC5}, 32)
	v := callback.Config{Inbox: "file.db", Secrets: []string{"s3cr3t-of-the-path"}, Keys: [][]byte{key}}
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
