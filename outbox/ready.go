package outbox

import "time"

// listFor returns the list of ready lanes that a lane with this head is in.
func (x *index) listFor(l *lane, h *entry) *laneList {
	k := x.kinds[h.kind]
	for _, q := range l.account().ready[h.group] {
		if q.kind == k {
			return q
		}
	}
	q := &laneList{kind: k, group: h.group}
	l.account().ready[h.group] = append(l.account().ready[h.group], q)
	return q
}

// arrange puts a lane where its head belongs: among the ready lanes, among
// those that wait for a moment, or nowhere.
func (o *Outbox) arrange(l *lane) {
	o.recount(l)
	list, at := o.readiness(l)
	if l.list != list {
		if l.list != nil {
			l.list.unlink(l)
			l.account().waiting--
		}
		if list != nil {
			o.joinShares(l.account(), list.group)
			list.push(l)
			l.account().waiting++
		}
	}
	if at != 0 {
		o.timers.set(l, at)
	} else {
		o.timers.stop(l)
	}
	if len(l.entries) == 0 && len(l.dead) == 0 && l.leased == 0 && !l.held && !l.sweeping {
		o.forget(l)
	}
}

// readiness says which list of ready lanes a lane belongs to, or at what
// moment to ask again; neither if it waits for something else.
func (o *Outbox) readiness(l *lane) (list *laneList, at int64) {
	h := l.head()
	proof := time.Duration(0)
	defer func() { o.prove(l, proof != 0) }()
	if h == nil || l.leased != 0 || h.flags&flagParked != 0 || o.kinds[h.kind].orphan || l.blockedBy() != 0 {
		return nil, 0
	}
	switch {
	case h.flags&flagInDoubt != 0:
		proof = l.confirmAt
	case h.pending != 0:
		if n := o.notes[h.seq]; n != nil {
			proof = n.lookAt
		}
	}
	if proof == 0 && !h.later {
		return o.listFor(l, h), 0 // mostly so, and it takes no look at the clock
	}
	now, due := o.clock(), o.due(h)
	if proof != 0 {
		if left := proof - o.uptime(o.kinds[h.kind].Host); left > 0 {
			// Uptime grows with signs of life only, at best as fast as time.
			due = max(due, now+int64(max(left, min(time.Second, o.opts.CanaryInterval))))
		}
	}
	if due > now {
		return nil, due
	}
	return o.listFor(l, h), 0
}

// prove keeps count of the lanes that need a host to be proven up.
func (o *Outbox) prove(l *lane, wanted bool) {
	if l.proving == wanted {
		return
	}
	l.proving = wanted
	host := ""
	if h := l.head(); h != nil {
		host = o.kinds[h.kind].Host
	} else {
		host = o.hostOf(l.family())
	}
	if wanted {
		o.proving[host]++
	} else {
		if o.proving[host]--; o.proving[host] == 0 {
			delete(o.proving, host)
		}
	}
	o.gate.wantProof(host, o.proving[host] > 0)
}

// hostOf is the host that a family's kinds call.
func (x *index) hostOf(f *family) string {
	for _, k := range x.kinds {
		if k.family == f {
			return k.Host
		}
	}
	return ""
}

// touch marks a lane as changed by a transaction that is not committed yet.
func (o *Outbox) touch(l *lane) {
	if !l.held {
		l.held = true
		o.touched = append(o.touched, l)
	}
}
