// Command bench measures the library beside what else can be used, and writes
// the table of ratios into a page:
//
//	go run . -short                        # all parts, a few seconds each, to see that they work
//	go run . -page ../../docs/benchmarks.md
//	go run . -only accept,mixed            # the parts named
//	go run . -only accept -profiles DIR    # also a CPU, heap, block and mutex profile of each process
//
// What is compared runs in processes of its own, so that no contender pays for
// the memory of another, and in turns: each round of one stands beside a round
// of the others, so that what else the machine does hits them alike. Ratios are
// medians over such rounds, and are what can be trusted.
//
// # Reading the source
//
// parts.go lists the parts; each has a file. worker.go and role.go are the two
// ends of the pipe to a process; page.go writes. Package contender has what is
// compared, package measure times it, and package replay is what runs in virtual
// time, as tests.
package main
