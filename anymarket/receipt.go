package anymarket

import (
	"context"
	"strings"

	"github.com/anymarket-go/sdk/outbox"
)

// Receipt is proof that a write is on disk. It can be waited on, and be rebuilt
// from its ID after a restart; see [outbox.Receipt].
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

// accept stores an entry of the client's account.
func (c *Client) accept(ctx context.Context, e outbox.Entry, warnings []string) (Receipt, error) {
	return c.acceptBy(ctx, c.core.Outbox.Accept, e, warnings)
}

func (c *Client) acceptBy(ctx context.Context, accept func(context.Context, outbox.Entry) (outbox.Receipt, error), e outbox.Entry, warnings []string) (Receipt, error) {
	if c.core.config.Strict && len(warnings) > 0 {
		return Receipt{}, &WarningError{Warnings: warnings}
	}
	e.Account = c.account
	e, err := c.core.placed(ctx, e)
	if err != nil {
		return Receipt{}, err
	}
	r, err := accept(ctx, e)
	if err != nil {
		return Receipt{}, err
	}
	c.core.created.note(e)
	return Receipt{Receipt: r, Warnings: warnings}, nil
}
