// Package crash names the programs that the kit tests. The kit itself is in
// cmd/crashkit, trace and model; README.md says how to use it.
package crash

// Target is a program under test: commands below cmd that the scripts and the tests
// run.
type Target struct{ Writer, Checker string }

// Targets are the programs under test, by the name that the scripts have for them.
// This is the one place to change when another is to be tested; README.md ("The
// program under test, and the checker") says what the two commands must obey.
func Targets() map[string]Target {
	return map[string]Target{
		"outbox": {Writer: "outboxwriter", Checker: "outboxcheck"},
		"inbox":  {Writer: "inboxwriter", Checker: "inboxcheck"},
	}
}

// BugsTag is the build tag with which a writer has the flag -bug; it wants the
// planted variant of the library, see package plant.
const BugsTag = "plantedbugs"
