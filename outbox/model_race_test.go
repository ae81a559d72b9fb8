//go:build race

package outbox

// modelOps is the number of operations of the model test; the race detector
// makes each of them several times slower.
const modelOps = 30_000
