package outbox

import "time"

// windowConfirm is the time between the two canaries that end a window early.
const windowConfirm = time.Second

// windowHold keeps a host closed during a maintenance window.
//
// A window that its source announces holds from the first look at it. With
// canaries it ends
//   - at once, if its source takes it back before its End,
//   - before its End, once a canary failed in it and two in a row succeeded
//     then; canaries that succeed before one failed only show that the
//     maintenance begins late,
//   - from its End on with the first canary that succeeds. Until then the hold
//     goes on, whether the source still reports the window or not.
//
// Without canaries it ends at its End.
//
// While it holds, the source may move the window: one that overlaps it takes
// its place and what the canaries proved stays. A window that ended by its
// canaries does not hold again, not even after a restart, unless it is another
// one: it ends later than planned then, or starts after the moment it ended.
// An extension of the same window (same Start) keeps the proof that a canary
// failed in it, so that two successes open it again and it cannot hold for
// hours against a host that is up.
//
// Guarded by the gate's mutex.
type windowHold struct {
	canaries bool

	holding bool
	w       Window
	since   time.Time // when the hold began
	failed  bool      // a canary failed in it
	streak  int       // canaries that succeeded in a row after that
	last    time.Time // when the last of them did
	seen    time.Time // when the source was last asked
	past    windowState
}

// windowState is what is kept of a window beyond a restart.
type windowState struct {
	Start  time.Time `json:"start"`
	End    time.Time `json:"end"`
	Failed bool      `json:"failed,omitempty"` // a canary failed in it
	// EndedAt is when canaries ended it; zero while it holds.
	EndedAt time.Time `json:"ended_at,omitzero"`
}

// refresh takes in what the source reports. Answers that overtook each other
// on their way here are dropped: an old "none" would open a window.
func (h *windowHold) refresh(now time.Time, w Window, ok bool) {
	if now.Before(h.seen) {
		return
	}
	h.seen = now
	if ok && (h.over(w) || !h.canaries && !now.Before(w.End)) {
		ok = false
	}
	switch {
	case ok && (!h.holding || !w.Start.Before(h.w.End) && !w.Start.Equal(h.w.Start)):
		h.holding, h.w, h.since, h.streak = true, w, now, 0
		h.failed = h.past.Failed && w.Start.Equal(h.past.Start)
	case ok:
		h.w = w
	case h.holding && (!h.canaries || now.Before(h.w.End)):
		h.holding = false // taken back, or its planned end
	}
}

// over says whether canaries ended this window before.
func (h *windowHold) over(w Window) bool {
	p := h.past
	return !p.EndedAt.IsZero() && !w.End.After(p.End) && !w.Start.After(p.EndedAt)
}

// canary takes in the answer to a canary that was sent at sent.
func (h *windowHold) canary(now, sent time.Time, alive bool) {
	switch {
	case !h.holding || sent.Before(h.since):
	case !alive:
		h.failed, h.streak = true, 0
	case !now.Before(h.w.End):
		h.finish(now)
	case h.failed:
		h.streak++
		h.last = now
		if h.streak >= 2 {
			h.finish(now)
		}
	}
}

func (h *windowHold) finish(now time.Time) {
	h.holding = false
	h.past = windowState{Start: h.w.Start, End: h.w.End, Failed: h.failed, EndedAt: now.Round(0)}
}

// until is the planned end, zero once that is past.
func (h *windowHold) until(now time.Time) time.Time {
	if now.Before(h.w.End) {
		return h.w.End
	}
	return time.Time{}
}

// canaryDue is when the window wants its next canary, if it holds.
func (h *windowHold) canaryDue(sent time.Time, interval time.Duration) time.Time {
	if sent.Before(h.since) {
		return h.since
	}
	due := sent.Add(interval)
	if h.streak == 1 {
		due = h.last.Add(windowConfirm)
	}
	if sent.Before(h.w.End) && h.w.End.Before(due) {
		due = h.w.End
	}
	return due
}

// state is what to keep; the zero state is nothing.
func (h *windowHold) state() windowState {
	if h.holding {
		return windowState{Start: h.w.Start, End: h.w.End, Failed: h.failed}
	}
	return h.past
}
