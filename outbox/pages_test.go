package outbox

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPageThatDoesNotBeginWithItsKeyIsRefused: its keys are in order, and bbolt
// would take the page for a whole one until it is written.
func TestPageThatDoesNotBeginWithItsKeyIsRefused(t *testing.T) {
	t.Parallel()
	file := newJudge(t).file
	check := func(file []byte) error {
		r := bytes.NewReader(file)
		return checkPages(r, newestMeta(r))
	}
	require.NoError(t, check(file))
	const page = 4096
	refused := 0
	for at := 2 * page; at < len(file); at += page {
		if pageFlags(file[at:]) != branchPage {
			continue
		}
		damaged := bytes.Clone(file)
		child := page * int(binary.LittleEndian.Uint64(damaged[at+pageHeader+8:]))
		if child >= len(damaged) || pageFlags(damaged[child:]) != leafPage {
			continue
		}
		keySize := damaged[child+pageHeader+8:]
		binary.LittleEndian.PutUint32(keySize, binary.LittleEndian.Uint32(keySize)+1)
		if err := check(damaged); err != nil { // else the branch is not in use any more
			require.ErrorContains(t, err, "does not begin with the key that leads to it")
			refused++
		}
	}
	require.Positive(t, refused)
}
