// Package gated makes reads through the gate of an outbox: at a closed gate
// they fail at once or wait, and what they are answered tells the gate how the
// host is.
package gated
