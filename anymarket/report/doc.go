// Package report writes the report of the morning after: what an outbox
// accepted in a maintenance window, or in any range of time, and what became of
// all of it.
//
//	summary, err := report.Write(ctx, w, report.Of(client.Outbox()), report.Options{
//		Name: "maintenance of July", From: start, To: end, Format: report.HTML, Language: report.Spanish,
//	})
//
// It says for all entries that were accepted in the range, or were not settled
// when it began, how they stand when the report is made: delivered, when and how
// late; superseded, dead, cancelled, or waiting and why; what had an unknown
// outcome and how that ended; what a person did; when the gate was closed. Their
// sums add up, see [Fates]. What else the program did after the window, such as a
// recheck of orders, it gives in [Options]. At its end is what a person must
// still do ([Summary.ToDo]), or that there is nothing.
//
// # Formats
//
// [Text] is for a terminal, [HTML] one page that needs nothing else and prints
// well. Both show the first entries of each kind of trouble and count the rest.
// [JSON] and [CSV] have all entries of the range, in the order in which they were
// accepted; they are written while the outbox is read, in bounded memory. Their
// members and columns are the same in every language, and their times are UTC.
//
// # What is not in it
//
// Data of buyers: bodies are masked by an allowlist, documents and e-mail
// addresses in reasons too. Nor are there credentials. So it is fit to be
// attached to a ticket. What the outbox has forgotten, because its history is
// bounded, is counted in [Summary.Forgotten].
//
// # Reading the source
//
// collect.go reads the outbox, life.go understands one entry, closures.go the
// gate and chart.go the course of time; todo.go draws the conclusions.
// document.go says it in words, language.go has the words (lang/*.json), and
// there is a file for each format.
package report
