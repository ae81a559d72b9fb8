//go:build !plantedbugs

package life

const canPlant = false

func plantBug(string) {}
