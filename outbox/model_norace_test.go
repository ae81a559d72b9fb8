//go:build !race

package outbox

// modelOps is the number of operations of the model test, over all its seeds.
const modelOps = 210_000
