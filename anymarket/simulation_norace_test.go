//go:build !race

package anymarket_test

const defaultSeeds = 50
