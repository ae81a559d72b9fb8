// Command mutants plants bugs in the library and sees that its tests find them.
// Each patch in testdata is a bug, and says which test is to fail with it. The
// source stays as it is: a patch is put on copies of the files that it touches,
// which go test takes in their place by its -overlay.
//
//	go run ./internal/mutants [-run REGEXP] [-p N]
//
// It prints a line for each bug: whether it was caught, after how many seconds,
// by which test, and what it is. It ends with 1 if one survives, does not fit the
// source any more or does not build, or if its test fails without it too.
//
// A patch begins with a sentence that says what is wrong. Lines with what go test
// is to be given follow; the bug is caught if it fails with one of them. Then
// comes a unified diff, whose line numbers do not count: what a hunk takes out,
// with the lines around it, has to be in the file exactly once.
//
//	Settled entries are sent again.
//	caught by: ./outbox -run ^TestSettledIsOver$
//	hangs: yes
//
//	--- a/outbox/settle.go
//	+++ b/outbox/settle.go
//	@@ -1,3 +1,2 @@
//
// The line "hangs: yes" is for a bug with which the test does not end: its
// time-out counts as caught then, and no other time-out does.
package main
