// Package barebolt is the least that can be stored durably with bbolt by many
// callers at once: one bucket, growing keys, group commit, no index and no
// history. It is the yardstick of benchmarks: what a durable queue on bbolt
// costs is measured against it.
package barebolt
