package anymarket

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"

	"github.com/anymarket-go/sdk/anymarket/callback"
	"github.com/anymarket-go/sdk/anymarket/marketplace"
	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

// AdminHandler returns what Config.Admin serves on a socket, for programs that
// serve it in another way: it shows the outbox, operates it and takes operations,
// by a protocol of JSON over HTTP. It asks nobody who they are, so let nobody
// reach it who may not do all that.
func (c *Client) AdminHandler() http.Handler {
	return admin.NewHandler(c.core.Outbox, admin.Delivery{
		Accept: c.acceptOperations, Campaigns: c.core.adminCampaigns, Recheck: c.core.adminRecheck, Reload: c.core.adminReload,
		Repush: c.core.adminRepush,
	})
}

// OpenOutbox opens the outbox file of a client, of this package or of package
// marketplace, or the inbox of package callback, to look at it and to operate it,
// without delivering anything: it needs no token, but the keys that its bodies are
// sealed with. There must be one already. The caller closes it. Errors are those of [outbox.Open]; an [*outbox.LockedError]
// says that a process has the file, and it is through that process that it can be
// looked at, see Config.Admin.
func OpenOutbox(path string, keys ...[]byte) (*outbox.Outbox, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open outbox: %w", err)
	}
	none := func(context.Context, string) (string, error) { return "", errors.New("no token") }
	c, err := newCore(Config{Outbox: path, Tokens: none, Keys: keys})
	if err != nil {
		return nil, err
	}
	options := c.Config.Options()
	// A file has entries of one client only, and says by their kinds of which.
	options.Kinds = slices.Concat(c.kinds(), marketplace.Kinds(), callback.Kinds())
	unsent := outbox.Result{Verdict: outbox.Unavailable, Reason: "the outbox was opened without delivering"}
	for i := range options.Kinds {
		k := &options.Kinds[i]
		k.Deliver = func(context.Context, []outbox.Lease) outbox.Answer { return outbox.Answer{Result: unsent} }
		if k.Resolve != nil {
			k.Resolve = func(context.Context, outbox.Lease) outbox.Resolution { return outbox.Resolution{Result: unsent} }
		}
	}
	o, err := outbox.Open(path, options)
	if err != nil {
		return nil, fmt.Errorf("open outbox %s: %w", path, err)
	}
	return o, nil
}
