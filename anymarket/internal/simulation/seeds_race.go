//go:build race

package simulation

// defaultSeeds is small: the race detector needs several times the time.
const defaultSeeds = 3
