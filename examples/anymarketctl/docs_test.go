package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
)

// page is docs/cli.md.
func page(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "cli.md"))
	require.NoError(t, err)
	return string(b)
}

// block is the first block of code after a headline.
func block(t *testing.T, headline, language string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page(t), headline+"\n")
	require.True(t, ok, headline)
	_, rest, ok = strings.Cut(rest, "```"+language+"\n")
	require.True(t, ok, headline)
	code, _, ok := strings.Cut(rest, "```\n")
	require.True(t, ok, headline)
	return code
}

func TestPageNamesEveryCommandAndFlag(t *testing.T) {
	t.Parallel()
	text := page(t)
	root := newRoot()
	for _, c := range root.Commands() {
		require.Contains(t, text, "`"+c.Name())
	}
	for _, name := range []string{
		"send", "run", "list", "upcoming", "campaigns", "resend", "recheck", "reload", "report",
		"callbacks remember", "callbacks check", "callbacks repair", "callback serve",
	} {
		c, _, err := root.Find(strings.Fields(name))
		require.NoError(t, err)
		flags := regexp.MustCompile(`--[a-z-]+`).FindAllString(c.LocalNonPersistentFlags().FlagUsages(), -1)
		require.NotEmpty(t, flags)
		for _, flag := range flags {
			require.Contains(t, text, flag, "flag of %s", name)
		}
	}
	requireDefaults(t, root, text)
}

// requireDefaults holds the defaults of the page against those of send.
func requireDefaults(t *testing.T, root *cobra.Command, text string) {
	t.Helper()
	send, _, err := root.Find([]string{"send"})
	require.NoError(t, err)
	for _, flag := range []string{
		"drain 30s", "max-rate 10", "start-rate 1", "canary 30s", "timeout 30s",
		"min-backoff 1s", "max-backoff 5m", "late-apply 5m30s", "lookup-lag 1m",
	} {
		name, value, _ := strings.Cut(flag, " ")
		require.Contains(t, text, "`--"+flag+"`")
		have := send.Flags().Lookup(name)
		require.NotNil(t, have)
		said := have.DefValue
		if d, err := time.ParseDuration(value); err == nil {
			value = d.String()
		}
		require.Equal(t, said, value, name)
	}
}

func TestOperationsOfThePageAreAccepted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.setTokens(map[string]string{"": r.fake.Token(), "outlet": r.fake.For("outlet").Token()})
	r.fake.Maintenance(time.Hour)
	got := r.send(block(t, "### Operations", "json"), "--drain", "0")
	require.Equal(t, exit.Waiting, got.code, got)
	for _, a := range receipts(t, got.out) {
		require.Empty(t, a.Error)
	}
}

func TestOperationsOfAMarketplaceOfThePageAreAccepted(t *testing.T) {
	t.Parallel()
	r := newMarketRig(t)
	operations := block(t, "### Operations of a marketplace", "json")
	for _, member := range []string{"paid", "invoiced", "shipped", "transmission", "delivered", "canceled"} {
		require.Contains(t, operations, `"`+member+`":{`)
	}
	r.fake.For("bia").AddOrder(`{"marketPlace":"` + r.fake.Marketplace() + `","marketPlaceId":"S-1"}`)
	got := r.send(operations, r.market()...)
	require.Equal(t, exit.Done, got.code, got)
	require.Equal(t, "CONCLUDED", r.statusOf("ana", "S-1"))
	require.Equal(t, "CANCELED", r.statusOf("bia", "S-1"))
}

func TestWindowsOfThePage(t *testing.T) {
	t.Parallel()
	code := strings.ReplaceAll(block(t, "## Maintenance windows", "sh"), "\\\n", "")
	file := filepath.Join(t.TempDir(), "windows.json")
	n := 0
	for text := range strings.Lines(code) {
		// Within quotes there is one blank.
		var args []string
		for i, part := range strings.Split(strings.TrimSpace(text), "'") {
			if i%2 == 1 {
				args = append(args, part)
			} else {
				args = append(args, strings.Fields(part)...)
			}
		}
		for i, a := range args {
			if a == "windows.json" {
				args[i] = file
			}
		}
		got := ctl(t, "", args[1:]...)
		require.Equal(t, exit.Done, got.code, got)
		n++
	}
	require.Equal(t, 3, n)
}

func TestPythonOfThePage(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	r := newRig(t)
	dir := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	// This test binary is the command, with its arguments in a variable.
	script := "#!" + python + "\nimport json, os, sys\nos.environ['" + childArgs + "'] = json.dumps(sys.argv[1:] + ['--max-rate', '100', '--start-rate', '100'])\nos.execv('" + self + "', ['anymarketctl'])\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "anymarketctl"), []byte(script), 0o700)) //nolint:gosec // it is run
	code := strings.Replace(block(t, "### From Python", "python"), "https://api.anymarket.com.br/v2", r.url, 1)
	c := exec.CommandContext(t.Context(), python, "-c", code)
	c.Dir = dir
	c.Env = append(os.Environ(), "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"), tokenVariable+"="+r.fake.Token())
	out, err := c.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "exit code 0")
	s, ok := r.fake.Stock("SKU-1", 0)
	require.True(t, ok)
	require.Equal(t, "7", s.Quantity)
}
