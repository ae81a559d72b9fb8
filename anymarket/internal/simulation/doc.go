// Package simulation plays programs that embed a client of ANYMARKET against the
// fake one in virtual time, where everything goes wrong that may. Only tests
// import it: those of package anymarket and of package marketplace give it a
// [Program], it gives them weeks of bad luck.
//
// # A seed
//
// A seed chooses the [World], one of those that the fake can be, and what happens
// there, act by act: what the program does, maintenances, announced or not, and
// announced ones that never come; each way in which a request can fail; requests that
// take effect late, twice and in another order; tokens that are revoked or
// change; operators who pause; crashes in the middle of a request and of an
// acceptance, restarts, and clocks that jump between two lives of the program.
// Time is virtual, files are real.
//
// After each storm the other side is healthy again and everything that waits must
// arrive soon; then the next storm comes.
//
// # What is held against the truth
//
// Whenever all goroutines rest, and at each request:
//
//   - nothing is lost: what has a receipt is counted by the outbox, and is there in the end;
//   - no creation is there twice;
//   - the steps of an order are applied in the order in which they were accepted;
//   - in a lane no value is sent after a newer one was, and what the outbox
//     takes for settled is what the fake has;
//   - of each lane one call at most is on the wire;
//   - the gate is closed for the reason that it gives, and open if there is none;
//   - every invariant of the file holds, after each crash too;
//   - files, goroutines and memory stay bounded;
//   - once the other side is well again the first call leaves within
//     two canaries and everything arrives within [Patience].
//
// The truth is what the program was told to do ([Orders], [Values]), what the
// fake applied, and what was seen on the wire, never the books of the client.
//
// # What replays
//
// A seed always plays the same world and the same acts, storms and faults, in the same
// order and with the same pauses in between. Which request meets a fault, and with
// it what follows, depends on pauses that the client draws at random and on the Go
// scheduler, which orders goroutines that are ready at the same moment at random. So
// a seed that failed may pass: play it many times (-sim.times), and read the log
// that a failure leaves, which has all that happened.
package simulation
