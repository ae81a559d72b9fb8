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
package maintenance
