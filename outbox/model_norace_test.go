//go:build !race

package outbox

// modelSeeds is how many runs the model test makes: 210,000 operations.
const modelSeeds = 42

// damagedDefault is how many damaged files are judged, for the same reason.
const damagedDefault = 1000
