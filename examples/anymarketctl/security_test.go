package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
)

// Everything that the commands write and store is searched: for tokens, which may
// be nowhere, for the buyer, who may be in the outbox alone, and for lines and
// escape sequences that the other side would like to forge.
func TestTokensBuyersAndForgeriesAreNowhere(t *testing.T) {
	t.Parallel()
	whoeverHolds(t, func(t *testing.T, r *rig) {
		const (
			buyer  = "Maria-da-Silva"
			forged = "level=ERROR msg=forged"
			wrong  = "wrong-t0ken-of-the-shop"
		)
		from := at(time.Now().Add(-time.Hour))
		tokens := []string{r.fake.Token(), r.fake.For("b").Token(), wrong}
		r.setTokens(map[string]string{"": tokens[0], "b": wrong})
		r.fake.Refuse("B", "no such SKU "+tokens[0]+"\n"+forged+"\x1b[31m")
		order := fmt.Sprintf(`{"op":"order.create","account":"b","order":{"marketPlace":"A","marketPlaceId":"1","createdAt":%q,`, at(time.Now())) +
			`"buyer":{"name":"` + buyer + `","email":"` + buyer + `@example.com"},"shipping":{"street":"` + buyer + `"},"items":[{"sku":{"partnerId":"A"},"amount":1,"unit":1}]}}` + "\n"
		said := []result{r.send(stock("A", "1")+stock("B", "2")+stock(`=1+1`, "3")+
			`{"op":"stock.set","account":"b","partnerId":"A","quantity":1}`+"\n"+order+"nonsense\n", "--drain", "2s")}
		ids := receipts(t, said[0].out)
		require.Len(t, ids, 6)
		for _, receipt := range ids[:5] {
			require.Empty(t, receipt.Error)
			id := receipt.ID.String()
			said = append(said, r.on("show", id), r.on("show", id, "--json"), r.on("why", id), r.on("why", id, "--json"))
		}
		require.Contains(t, said[len(said)-4].out, "***", "the order")
		for _, args := range [][]string{
			{"status"},
			{"status", "--json"},
			{"list"},
			{"list", "--json"},
			{"list", "--state", "dead"},
			{"check"},
			{"export"},
			{"export", "--format", "csv"},
			{"requeue", ids[1].ID.String()},
			{"pause", "--account", "b"},
			{"discard", ids[3].ID.String(), "--reason", forged},
		} {
			said = append(said, r.on(args...))
		}
		for _, format := range []string{"text", "json", "csv", "html"} {
			got := r.on("report", "--from", from, "--to", at(time.Now().Add(time.Hour)), "--format", format)
			require.Equal(t, exit.Done, got.code, got)
			said = append(said, got)
		}
		for _, s := range said {
			text := s.out + s.errors
			for _, secret := range append(tokens, buyer, "\x1b") {
				require.NotContains(t, text, secret)
			}
			require.NotContains(t, "\n"+text, "\n"+forged)
		}
		require.NoError(t, filepath.WalkDir(filepath.Dir(r.outbox), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.Type() == fs.ModeDir {
				return err
			}
			info, err := d.Info()
			require.NoError(t, err)
			require.Zero(t, info.Mode().Perm()&0o077, path)
			if path == r.tokenFile || !info.Mode().IsRegular() {
				return nil
			}
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			for _, token := range tokens {
				require.NotContains(t, string(content), token, path)
			}
			return nil
		}))
	})
}
