package outbox

import "container/heap"

// timer is a lane's place in the heap of lanes that wait for a moment.
type timer struct {
	at    int64 // nanoseconds of the outbox's own clock
	index int   // in the heap, plus 1; zero if it is not there
}

// timers orders the lanes that wait for a moment, so that one timer serves all.
type timers []*lane

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].timer.at < t[j].timer.at }
func (t timers) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].timer.index, t[j].timer.index = i+1, j+1
}

// Push is for package heap.
func (t *timers) Push(x any) {
	l, _ := x.(*lane)
	*t = append(*t, l)
	l.timer.index = len(*t)
}

// Pop is for package heap.
func (t *timers) Pop() any {
	last := len(*t) - 1
	l := (*t)[last]
	(*t)[last] = nil
	*t = (*t)[:last]
	l.timer.index = 0
	return l
}

func (t *timers) set(l *lane, at int64) {
	if l.timer.index > 0 {
		l.timer.at = at
		heap.Fix(t, l.timer.index-1)
		return
	}
	l.timer.at = at
	heap.Push(t, l)
}

func (t *timers) stop(l *lane) {
	if l.timer.index > 0 {
		heap.Remove(t, l.timer.index-1)
	}
}

// due takes out the first lane whose moment has come, nil if there is none.
func (t *timers) due(now int64) *lane {
	if len(*t) == 0 || (*t)[0].timer.at > now {
		return nil
	}
	l, _ := heap.Pop(t).(*lane)
	return l
}
