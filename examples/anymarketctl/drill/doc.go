// Package drill is the command that proves, on this machine, that nothing is
// lost in an announced maintenance window.
//
// It plays a day: the fake ANYMARKET serves on real ports, API v2 and that for
// marketplaces; an ERP, generated from a seed, changes stock and prices and makes
// orders before, during and after the window, and a marketplace makes the sales of
// its sellers known and moves them on. Each has a client with an outbox of its own,
// a child process, "anymarketctl send", that is killed again and again, more often
// than not by ANYMARKET itself after it has read a request and before it answers:
// more than twenty times together. All durations of the real thing, four hours of
// window among them, are divided by one factor.
//
// ANYMARKET announces the window on a status page, begins late, and overruns. The
// clients know of it from a window file, which a watcher keeps as the page has it.
//
// When the day is over ANYMARKET loses the last of what it acknowledged, as after a
// return from a backup. The ERP has it sent again, with the commands resend and
// recheck, while it goes on changing stock.
//
// Afterwards the judge holds what ANYMARKET has and has seen against what the two
// sent and have receipts for. The clients' own books are shown, and are no
// evidence. It ends with the report of the window, as a page.
//
// # Reading the source
//
// command.go is the command, schedule.go its times, run.go its course, and
// partner.go that of the ERP or the marketplace. What the ERP does is in day.go
// and sales.go, the marketplace in market.go, what a user gives instead in
// input.go; operation.go and mark.go are a line of it, truth.go what is known of
// it; child.go is a client. world.go is what ANYMARKET has before, announce.go how
// the window becomes known, weather.go and kills.go what goes wrong, remote.go what
// ANYMARKET has seen in the end. loss.go is what it loses, repair.go and
// aftermath.go how that is made good. judge.go, judgeorders.go, judgerepair.go and
// replay.go are the verdict, books.go what a client says of itself. result.go and
// tell.go are what is told, morning.go the report.
package drill
