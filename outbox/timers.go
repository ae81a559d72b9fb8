package outbox

import "container/heap"

// timers orders the lanes that wait for a moment, so that one timer serves all.
type timers []*lane

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].timerAt < t[j].timerAt }
func (t timers) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].timerIndex, t[j].timerIndex = int32(i+1), int32(j+1)
}

// Push is for package heap.
func (t *timers) Push(x any) {
	l, _ := x.(*lane)
	*t = append(*t, l)
	l.timerIndex = int32(len(*t))
}

// Pop is for package heap.
func (t *timers) Pop() any {
	last := len(*t) - 1
	l := (*t)[last]
	(*t)[last] = nil
	*t = (*t)[:last]
	l.timerIndex = 0
	return l
}

func (t *timers) set(l *lane, at int64) {
	if l.timerIndex > 0 {
		l.timerAt = at
		heap.Fix(t, int(l.timerIndex)-1)
		return
	}
	l.timerAt = at
	heap.Push(t, l)
}

func (t *timers) stop(l *lane) {
	if l.timerIndex > 0 {
		heap.Remove(t, int(l.timerIndex)-1)
	}
}

// due takes out the first lane whose moment has come, nil if there is none.
func (t *timers) due(now int64) *lane {
	if len(*t) == 0 || (*t)[0].timerAt > now {
		return nil
	}
	l, _ := heap.Pop(t).(*lane)
	return l
}
