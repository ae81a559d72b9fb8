package anymarket

import "context"

// Erase removes what the outbox holds of an order, as its buyer may ask: what is
// not settled of it is cancelled, the bodies go from the file, and the file is
// compacted. Its key stays, so that the order is not created once more. It returns
// how many entries were cancelled; that there was nothing is no error.
//
// What was stored of the order under another way of naming it is erased by that
// name. Errors are an [*api.FieldError] and those of [outbox.Outbox.Erase].
func (s OrderService) Erase(ctx context.Context, key OrderKey) (cancelled int, err error) {
	order, err := orderOf(key)
	if err != nil {
		return 0, err
	}
	key = order.key()
	return s.c.core.Outbox.Erase(ctx, steps.of(key), s.c.account, key.String())
}
