// Package drill is the command that proves, on this machine, that nothing is
// lost in an announced maintenance window.
//
// It plays a day: the fake ANYMARKET serves on a real port; an ERP, generated
// from a seed, changes stock and prices and makes orders before, during and
// after the window; its client is a child process, "anymarketctl send", that is
// killed again and again, sometimes by ANYMARKET itself after it has read a
// request and before it answers. All durations of the real thing, four hours of
// window among them, are divided by one factor.
//
// Afterwards the judge holds what ANYMARKET has and has seen against what the
// ERP sent and has receipts for. The client's own books are shown, and are no
// evidence.
//
// # Reading the source
//
// command.go is the command, schedule.go its times and run.go its course. The
// ERP is in day.go and sales.go (what it does), input.go (what a user gives
// instead), operation.go (a line of it) and truth.go (what it knows); child.go
// is its client. world.go is what ANYMARKET has before, weather.go and kills.go
// what goes wrong, remote.go what it has seen in the end. judge.go,
// judgeorders.go and replay.go are the verdict, books.go what the client says of
// itself, report.go what is told.
package drill
