//go:build !race

package marketplace_test

const defaultSeeds = 50
