// Package crash names the program that the kit tests. The kit itself is in
// cmd/crashkit, trace and model; README.md says how to use it.
package crash

// The commands below cmd that the scripts and the tests run. This is the one
// place to change when another program is to be tested; README.md ("The program
// under test, and the checker") says what the two must obey.
const (
	Writer  = "outboxwriter"
	Checker = "outboxcheck"
)

// BugsTag is the build tag with which [Writer] has the flag -bug; it wants the
// planted variant of the library, see package plant.
const BugsTag = "plantedbugs"
