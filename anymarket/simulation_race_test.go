//go:build race

package anymarket_test

// defaultSeeds is small: the race detector needs several times the time.
const defaultSeeds = 4
