//go:build race

package outbox

// modelSeeds is how many runs the model test makes; the race detector makes
// each of them several times slower.
const modelSeeds = 6

// damagedDefault is how many damaged files are judged, for the same reason.
const damagedDefault = 50
