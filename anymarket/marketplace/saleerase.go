package marketplace

import "context"

// Erase removes what the outbox holds of a sale and its marks, as its buyer may
// ask: what is not settled of it is cancelled, the bodies go from the file, and
// the file is compacted. Its key stays, so that the sale is not made known once
// more. It returns how many entries were cancelled; that there was nothing is no
// error. Errors are those of [outbox.Outbox.Erase].
func (s SaleService) Erase(ctx context.Context, marketplaceID string) (cancelled int, err error) {
	return s.c.core.Outbox.Erase(ctx, kindNotify, s.c.account, marketplaceID)
}
