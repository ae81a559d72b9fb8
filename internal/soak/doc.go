// Command soak runs a client for a long time and holds what it takes against what
// it took at the start.
//
// It is a fake ANYMARKET that goes down now and then, in every way that it can,
// and starts itself a second time as the client: a steady load of stock and
// orders, restarts in the same process, and a line of JSON for each sample of
// memory, goroutines, room on disk, backlog and the time of an accept. At the end
// the last quarter must be as flat as the first, and the fake must have the newest
// stock of each SKU, and each order once.
//
// It prints what it measured and ends with status 1 if a bound was broken.
package main
