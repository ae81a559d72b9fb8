//go:build plantedbugs

package life

import "github.com/anymarket-go/sdk/outbox"

const canPlant = true

// plantBug wants the build with the overlay of package plant.
func plantBug(name string) { outbox.PlantedBug = name }
