package report

import (
	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/callback"
)

// Task is something that a person must still do.
type Task struct {
	Code TaskCode `json:"code"`
	// Number is of how many.
	Number uint64 `json:"number"`
	// Account is whose; empty as well for the default one, and where it does not
	// matter.
	Account string `json:"account,omitempty"`
	// Detail names it, if it is one thing.
	Detail string `json:"detail,omitempty"`
}

// TaskCode says what is to be done.
type TaskCode string

// The tasks.
const (
	TaskRebuild       TaskCode = "rebuild"        // nothing can be stored
	TaskDeliver       TaskCode = "deliver"        // no process delivers what waits
	TaskResumeAll     TaskCode = "resume_all"     // all accounts are paused
	TaskResume        TaskCode = "resume"         // an account is paused
	TaskToken         TaskCode = "token"          // an account's token was refused
	TaskDead          TaskCode = "dead"           // dead letters of the range
	TaskDeadElsewhere TaskCode = "dead_elsewhere" // and those that are not of it
	TaskParked        TaskCode = "parked"         // parked entries of the range
	TaskUnreadable    TaskCode = "unreadable"     // what could not be read of the outbox
	TaskImport        TaskCode = "import"         // orders that only ANYMARKET has
	TaskRepush        TaskCode = "repush"         // orders that ANYMARKET acknowledged and lost
	TaskAdvance       TaskCode = "advance"        // orders whose status is behind there
	TaskLook          TaskCode = "look"           // orders that a person has to decide about
	TaskCampaign      TaskCode = "campaign"       // a campaign that the window concerned
	TaskCallback      TaskCode = "callback"       // a callback that is not as it should be
	TaskReload        TaskCode = "reload"         // rows of a reload that were refused
)

func tasksOf(source Source, s *Summary) []Task {
	tasks := []Task{}
	add := func(t Task) {
		if t.Number > 0 {
			tasks = append(tasks, t)
		}
	}
	if source.Stats.Broken != "" {
		add(Task{Code: TaskRebuild, Number: 1, Detail: source.Stats.Broken})
	}
	if source.Idle {
		add(Task{Code: TaskDeliver, Number: source.Stats.Waiting - source.Stats.Parked})
	}
	for _, p := range source.Pauses {
		if p.All {
			add(Task{Code: TaskResumeAll, Number: 1, Detail: p.Reason})
		} else {
			add(Task{Code: TaskResume, Number: 1, Account: p.Account, Detail: p.Reason})
		}
	}
	for _, account := range source.Stats.Suspended {
		add(Task{Code: TaskToken, Number: 1, Account: account})
	}
	both := s.Accepted.Plus(s.Carried)
	add(Task{Code: TaskDead, Number: both.Dead})
	add(Task{Code: TaskDeadElsewhere, Number: source.Stats.Dead - min(both.Dead, source.Stats.Dead)})
	add(Task{Code: TaskParked, Number: both.Parked})
	add(Task{Code: TaskUnreadable, Number: uint64(s.Unreadable)})
	for _, r := range s.Orders {
		counts := map[anymarket.Action]uint64{}
		for _, d := range r.Differences {
			counts[d.Action]++
		}
		add(Task{Code: TaskImport, Number: counts[anymarket.ActionImport], Account: r.Account})
		add(Task{Code: TaskRepush, Number: counts[anymarket.ActionRepush], Account: r.Account})
		add(Task{Code: TaskAdvance, Number: counts[anymarket.ActionAdvance], Account: r.Account})
		add(Task{Code: TaskLook, Number: counts[anymarket.ActionLook], Account: r.Account})
	}
	for _, k := range s.Campaigns {
		add(Task{Code: TaskCampaign, Number: 1, Account: k.Campaign.AccountName, Detail: campaignName(k)})
	}
	for _, g := range s.Callbacks {
		for _, d := range g.Comparison.Differences {
			if !d.Repaired && d.Kind != callback.Added {
				add(Task{Code: TaskCallback, Number: 1, Account: g.Account, Detail: d.Address + ": " + d.Reason})
			}
		}
	}
	for _, r := range s.Reloads {
		add(Task{Code: TaskReload, Number: uint64(r.Sums.Refused), Account: r.Account, Detail: r.Name})
	}
	return tasks
}

func campaignName(k anymarket.CampaignCheck) string {
	name := k.Campaign.Title
	if name == "" {
		name = k.Campaign.ID.String()
	}
	if k.Campaign.Marketplace != "" {
		name += " (" + k.Campaign.Marketplace + ")"
	}
	return name
}

// stillWaits says whether something waits that goes by itself.
func stillWaits(s *Summary) uint64 {
	both := s.Accepted.Plus(s.Carried)
	if s.idle {
		return 0
	}
	return both.Waiting - both.Parked
}
