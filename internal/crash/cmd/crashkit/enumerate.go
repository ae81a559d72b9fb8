package main

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/anymarket-go/sdk/internal/crash/model"
)

// limits bound the images of one crash point.
type limits struct {
	prefixes int // issue-order prefixes
	singles  int // only-one and all-but-one
	random   int // subsets per grain
}

// enumerate chooses what of np file changes and nn name changes is on disk, and
// calls emit with the strategy's name for each choice.
func enumerate(d *model.Disk, lim limits, rng *rand.Rand, emit func(string, model.Choice)) {
	np, nn := d.Pending()
	all := func(int) bool { return true }
	none := func(int) bool { return false }
	emit("all", model.Choice{Names: nn, Whole: all}) // what a kill -9 leaves
	if np+nn == 0 {
		return
	}
	emit("none", model.Choice{Whole: none})
	for k := range nn {
		emit("names", model.Choice{Names: k, Whole: all})
		emit("names", model.Choice{Names: k + 1, Whole: none})
	}
	for _, k := range pick(np-1, lim.prefixes, rng) { // the first k+1, in order
		emit("prefix", model.Choice{Names: nn, Whole: func(i int) bool { return i <= k }})
	}
	for _, k := range pick(np, lim.singles, rng) {
		only := func(i int) bool { return i == k }
		but := func(i int) bool { return i != k }
		emit("only", model.Choice{Names: nn, Whole: only})
		emit("but", model.Choice{Names: nn, Whole: but})
		emit("grown", model.Choice{Names: nn, Whole: but, SizeOnly: only})
	}
	if np == 0 {
		return
	}
	for range lim.random {
		names := nn
		if nn > 0 && rng.IntN(2) == 0 {
			names = rng.IntN(nn + 1)
		}
		subsets(names, rng, emit)
		torn(d, names, rng, emit)
	}
}

// subsets leaves each piece of a page or sector to a coin.
func subsets(names int, rng *rand.Rand, emit func(string, model.Choice)) {
	for _, grain := range []int64{4096, 512} {
		p, salt := []float64{.1, .5, .9}[rng.IntN(3)], rng.Uint64()
		grown := rng.IntN(2) == 0
		emit(fmt.Sprintf("subset%d", grain), model.Choice{
			Names:    names,
			Whole:    func(int) bool { return true },
			SizeOnly: func(int) bool { return grown },
			Piece:    func(i int, off int64) bool { return coin(salt, uint64(i), uint64(off/grain)) < p },
		})
	}
}

// torn has all changes before one of them, that one up to or from a sector, and
// nothing after it.
func torn(d *model.Disk, names int, rng *rand.Rand, emit func(string, model.Choice)) {
	np, _ := d.Pending()
	k := rng.IntN(np)
	off, n := d.Span(k)
	if n == 0 {
		return
	}
	cut, tail := off+int64(rng.IntN(n)/512*512), rng.IntN(2) == 0
	emit("torn", model.Choice{
		Names: names,
		Whole: func(i int) bool { return i <= k },
		Piece: func(i int, o int64) bool { return i < k || (o < cut) != tail },
	})
}

// pick returns 0..n-1, or m of them.
func pick(n, m int, rng *rand.Rand) []int {
	if n <= 0 {
		return nil
	}
	p := rng.Perm(n)
	p = p[:min(n, m)]
	slices.Sort(p)
	return p
}

// coin turns its arguments into a number in [0, 1), always the same one.
func coin(xs ...uint64) float64 {
	h := uint64(0x9e3779b97f4a7c15)
	for _, x := range xs {
		h ^= x
		h *= 0xbf58476d1ce4e5b9
		h ^= h >> 29
		h *= 0x94d049bb133111eb
		h ^= h >> 32
	}
	return float64(h>>11) / (1 << 53)
}
