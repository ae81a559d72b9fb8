//go:build !plantedbugs

package main

// canPlant says whether this build knows -bug.
const canPlant = false
