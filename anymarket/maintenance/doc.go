// Package maintenance knows when ANYMARKET is planned to be down.
//
// ANYMARKET announces a maintenance window as a table: Saturday 22:00 in
// Mexico, 23:00 in Peru and Colombia, Sunday 00:00 in Chile, and so on, for
// four hours. All rows mean one instant. [Resolve] makes a [Window] of such a
// table and refuses one whose rows disagree, naming the odd row; that is how a
// wrong date, or a clock change overlooked, is found before the night.
//
// A [Calendar] answers whether a window is in force. It holds windows that the
// program gives it ([New]), or those of a file ([FromFile]) that people and
// [File] change while it is in use:
//
//	{"windows": [
//	  {"name": "July", "length": "4h", "rows": [
//	    {"zone": "America/Mexico_City", "local": "2024-07-27T22:00"},
//	    {"zone": "America/Santiago",    "local": "2024-07-28T00:00"}]},
//	  {"start": "2024-08-03T01:00:00-03:00", "end": "2024-08-03T05:00:00-03:00"}
//	]}
//
// # Status page
//
// A [Watcher] follows a status page and announces its maintenances to a
// calendar, beside the windows that this was given. They are taken off when the
// page does so or says that they are completed, moved when it moves them, and go
// on beyond their planned end while it says that they are running. What a page
// says is a hint: it can hold for [MaxLength] in a week at most, once canaries
// have opened a window nothing that it says of this window closes it again, and
// where it ends one that is in force the next canary has the last word. A page
// that cannot be read changes nothing.
//
//	windows := &maintenance.Calendar{}
//	w, err := maintenance.NewWatcher(windows, maintenance.WatcherConfig{})
//	…
//	_ = w.Look(ctx)     // so that a window that is going on is known from the start
//	go w.Run(ctx)
//	client, err := anymarket.Open(ctx, anymarket.Config{Windows: windows, …})
//
// [Calendar.Upcoming] is what is planned, from all sources; [Window.In] shows it
// in a zone, and [Calendar.Remind] calls a function ahead of each window.
//
// # Rules
//
// A window starts before it ends and is at most 48 hours long ([MaxLength]).
// It includes its start and not its end. Windows that overlap are kept apart,
// since each may end early by itself; where several are in force the one that
// ends last is the answer. A window holds for all hosts.
//
// A local time that a clock change skips is refused. One that happens twice is
// settled by the other rows of its table; where they do not settle it, it is
// refused, and an absolute start says what is meant.
//
// # Time zones
//
// Zones come from the zone database of the system. A program that runs where
// there is none (Windows, small containers) imports [time/tzdata], which adds
// 450 kB to it; this package leaves that to the program, since absolute times
// need no database.
//
// # Reading the source
//
// window.go, table.go and spec.go are what a window is, as times, as a table and
// as text; calendar.go is which one is in force. Of the watcher, page.go reads
// what a page says, board.go decides what of it counts, fetch.go is careful with
// the network, and watcher.go puts them together.
package maintenance
