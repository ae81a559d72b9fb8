// Package replay has tests that measure, in virtual time, what a client sends
// after a maintenance window and how long that takes, against the fake
// ANYMARKET at a fixed permitted rate.
//
// They tell their figures as attributes of the test (see [testing.T.Attr]), and
// fail only if something did not arrive. Without -args -replay.full they are
// small, to see that they work.
package replay
