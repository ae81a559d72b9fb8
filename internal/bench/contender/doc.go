// Package contender puts the outbox and what it is compared with behind one
// interface: each accepts a value and returns when it is as durable as an
// accept of the outbox is. Settings that trade durability for speed are off.
package contender
