//go:build !plantedbugs

package main

const canPlant = false

func plantBug(string) {}
