package marketplace

import (
	"context"
	"strings"

	"github.com/anymarket-go/sdk/outbox"
)

// Receipt is proof that a sale or mark is on disk. It can be waited on, and be
// rebuilt from its ID after a restart; see [outbox.Receipt].
type Receipt struct {
	outbox.Receipt

	// Warnings say what ANYMARKET may refuse, although it can be right.
	Warnings []string
}

// WarningError is what Config.Strict makes of warnings. Nothing was stored.
type WarningError struct {
	Warnings []string
}

// Error returns the warnings in one line.
func (e *WarningError) Error() string { return "strict mode: " + strings.Join(e.Warnings, "; ") }

// accept stores an entry of the client's seller.
func (c *Client) accept(ctx context.Context, e outbox.Entry, warnings []string) (Receipt, error) {
	if c.core.config.Strict && len(warnings) > 0 {
		return Receipt{}, &WarningError{Warnings: warnings}
	}
	e.Account = c.account
	r, err := c.core.Outbox.Accept(ctx, e)
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{Receipt: r, Warnings: warnings}, nil
}
