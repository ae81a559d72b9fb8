package outbox

import (
	"context"
	"time"
)

// Pause closes the gate for an account until [Outbox.Resume]; it is remembered
// across restarts. Calls on the wire are not stopped.
func (o *Outbox) Pause(ctx context.Context, account, reason string) error {
	return o.setPause(ctx, func() { o.gate.pause(time.Now(), account, false, reason) })
}

// Resume ends what [Outbox.Pause] began.
func (o *Outbox) Resume(ctx context.Context, account string) error {
	return o.setPause(ctx, func() { o.gate.resume(time.Now(), account, false) })
}

// PauseAll is [Outbox.Pause] for every account.
func (o *Outbox) PauseAll(ctx context.Context, reason string) error {
	return o.setPause(ctx, func() { o.gate.pause(time.Now(), "", true, reason) })
}

// ResumeAll ends what [Outbox.PauseAll] began.
func (o *Outbox) ResumeAll(ctx context.Context) error {
	return o.setPause(ctx, func() { o.gate.resume(time.Now(), "", true) })
}

func (o *Outbox) setPause(ctx context.Context, set func()) error {
	set()
	err := o.storeGate(ctx)
	o.tellGate()
	o.signal()
	return err
}

// Unsuspend says that an account's credential is another one now, so that its
// suspension ends without waiting for the next probe.
func (o *Outbox) Unsuspend(account string) {
	o.gate.unsuspend(time.Now(), account)
	o.tellGate()
	o.signal()
}

// Limit says that the other side told that it takes so many more calls of an
// account until within from now. None hold the account that long, at most a
// minute; else they are spread over the time. It never quickens the pace.
// Numbers that cannot be meant are ignored.
func (o *Outbox) Limit(account string, calls int, within time.Duration) {
	o.gate.limit(time.Now(), account, calls, within)
	o.tellGate()
}

// IsSuspended says whether an account's credential was refused.
func (o *Outbox) IsSuspended(account string) bool { return o.gate.isSuspended(account) }

// Gate says for each pair of host and account whether calls may go now.
func (o *Outbox) Gate() []GateStatus { return o.gate.status(time.Now()) }

// Closed says why no call of the account may go to the host now; nil if one may.
func (o *Outbox) Closed(host, account string) *ClosedError {
	return o.gate.closed(time.Now(), host, account)
}
