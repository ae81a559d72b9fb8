package drill

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
)

// TestMain is also the clients that a drill must find out, see impostors_test.go.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 {
		if impostor := impostors()[os.Args[1]]; impostor != nil {
			os.Exit(impostor(os.Args[2:]))
		}
	}
	os.Exit(m.Run())
}

// program builds anymarketctl.
func program(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "anymarketctl")
	if runtime.GOOS == "windows" {
		file += ".exe"
	}
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", file, "..").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return file
}

// play runs a drill and returns what it printed as JSON.
func play(t *testing.T, f flags) (result, error) {
	t.Helper()
	f.json, f.window = true, shortest
	if f.report == "" && f.keep == "" {
		f.report = filepath.Join(t.TempDir(), "report.html")
	}
	var out, progress bytes.Buffer
	err := f.run(t.Context(), &out, &progress)
	var r result
	if out.Len() > 0 {
		require.NoError(t, json.Unmarshal(out.Bytes(), &r))
	}
	t.Logf("%s\n%s", out.String(), progress.String())
	return r, err
}

func TestDrill(t *testing.T) {
	t.Parallel()
	command := []string{program(t)}
	t.Run("day", func(t *testing.T) {
		t.Parallel()
		drillOfADay(t, command)
	})
	t.Run("input", func(t *testing.T) {
		t.Parallel()
		drillOfInput(t, command)
	})
	t.Run("careless", func(t *testing.T) {
		t.Parallel()
		drillOfACarelessERP(t, command[0])
	})
	t.Run("broken", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "day.ndjson")
		require.NoError(t, os.WriteFile(file, []byte(`{"op":"stock.set","partnerId":"A","quantity":1}`), 0o600))
		_, err := play(t, flags{seed: 1, input: file, command: []string{os.Args[0], "broken", command[0]}})
		require.ErrorIs(t, err, errCommand, "nothing is proven")
		require.ErrorContains(t, err, "resend")
		require.ErrorContains(t, err, "no idea how")
	})
	t.Run("clumsy", func(t *testing.T) {
		t.Parallel()
		drillOfAClumsyERP(t, command[0])
	})
}

func drillOfADay(t *testing.T, command []string) {
	t.Helper()
	keep := filepath.Join(t.TempDir(), "kept")
	r, err := play(t, flags{seed: 3, keep: keep, language: "pt-BR", command: command})
	require.NoError(t, err)
	require.Empty(t, r.Findings)
	require.GreaterOrEqual(t, r.KillsBeforeAnswer, 20)
	require.Greater(t, r.Kills, r.KillsBeforeAnswer)
	require.Equal(t, r.Operations, r.Acknowledged)
	require.Equal(t, r.Accepted, r.Delivered+r.Superseded)
	require.GreaterOrEqual(t, r.ReplayCalls, r.ReplayCallsLeastPossible)
	for _, partner := range []string{"erp", "marketplace"} {
		for _, file := range []string{outboxFile, requestFile} {
			require.FileExists(t, filepath.Join(keep, partner, file))
		}
	}
	require.Less(t, r.WindowCalls, 10, "the clients know of the window")
	require.Positive(t, r.GoneStocks)
	require.Positive(t, r.GoneOrders+r.GoneStatuses)
	require.Positive(t, r.LiveChanges)
	require.Equal(t, r.GoneOrders, r.Repushed)
	require.Equal(t, 3, r.OwnOrders)
	require.Equal(t, r.GoneOrders+r.GoneStatuses+r.OwnOrders, r.Named)
	require.Equal(t, r.OwnOrders, r.Imported)

	require.Equal(t, []string{filepath.Join(keep, "report.html"), filepath.Join(keep, "report-marketplace.html")}, r.Reports)
	for _, file := range r.Reports {
		page, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Contains(t, string(page), `<html lang="pt"`)
		require.Contains(t, string(page), "<svg")
	}
}

// The operations of a user, some of which are wrong, and one that ANYMARKET
// refuses: it is a dead letter, and no loss.
func drillOfInput(t *testing.T, command []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "day.ndjson")
	var b strings.Builder
	for i := range 60 {
		fmt.Fprintf(&b, `{"op":"stock.set","partnerId":"SKU-%d","quantity":%d}`+"\n", i%7, i)
		fmt.Fprintf(&b, `{"op":"price.set","account":"x","partnerId":"SKU-%d","marketplace":"SHOPEE","price":"%d","discountPrice":1}`+"\n", i%5, i+1)
	}
	for i := range 20 {
		fmt.Fprintf(&b, `{"op":"sale.notify","account":"ana","sale":{"marketPlaceId":"S-%d","status":"PAID"}}`+"\n", i)
	}
	b.WriteString(`{"op":"sale.mark","account":"ana","marketPlaceId":"S-0","status":"CONCLUDED"}` + "\n")
	b.WriteString("not JSON\n\n" + `{"op":"stock.set","partnerId":"SKU-1","quantity":-1}` + "\n")
	b.WriteString(`{"op":"order.status","id":77,"status":"CANCELED"}` + "\n")
	b.WriteString(`{"op":"order.status","id":77,"status":"INVOICED","invoice":{"accessKey":"1","date":"2024-07-28T01:00:00Z"}}` + "\n")
	// Ways of writing that are taken though they are odd, and one that is not.
	b.WriteString(`{"op":"stock.set","partnerId":"SKU-9","quantity":"007","cost":""}` + "\n")
	b.WriteString(`{"op":"order.status","id":78,"status":"INVOICED","invoice":{"accessKey":1234,"series":1,"date":"2024-07-28T01:00:00Z"}}` + "\n")
	b.WriteString(`{"op":"sale.mark","account":"ana","marketPlaceId":"S-0","status":"INVOICED","invoiced":{"date":"2024-07-28T01:00:00Z","series":""}}` + "\n")
	b.WriteString(`{"op":"stock.set","account":"a\u0000b","partnerId":"SKU-9","quantity":1}` + "\n")
	for range 2 { // a retry
		b.WriteString(`{"op":"order.create","order":` + newOrder + `}` + "\n")
	}
	require.NoError(t, os.WriteFile(file, []byte(b.String()), 0o600))
	r, err := play(t, flags{seed: 1, input: file, command: command})
	require.NoError(t, err)
	require.Empty(t, r.Findings)
	require.Equal(t, 151, r.Operations)
	require.Equal(t, 147, r.Acknowledged)
	require.Equal(t, 4, r.RefusedAtOnce)
	require.Zero(t, r.Unstored)
	require.Equal(t, 1, r.Refused)
	require.Positive(t, r.Dead+r.Cancelled, "twice if it was sent again after a kill; discarded if its order was lost")
}

// A loss that is not made good is found out.
func drillOfACarelessERP(t *testing.T, program string) {
	t.Helper()
	r, err := play(t, flags{seed: 1, input: smallDayFile(t), command: []string{os.Args[0], "careless", program}})
	require.Equal(t, exit.Failed, exit.Code(err))
	require.Zero(t, r.Lost, "all was delivered once")
	require.Positive(t, r.GoneStocks)
	require.Positive(t, r.GoneOrders)
	require.Positive(t, r.StaleStock)
	require.Equal(t, r.GoneOrders+r.GoneStatuses+r.OwnOrders, r.Misnamed)
	require.Greater(t, r.LeftDifferent, r.GoneOrders)
	require.Zero(t, r.Overwritten)
}

// And so is one that is made good in the wrong way.
func drillOfAClumsyERP(t *testing.T, program string) {
	t.Helper()
	r, err := play(t, flags{seed: 1, input: smallDayFile(t), command: []string{os.Args[0], "clumsy", program}})
	require.Equal(t, exit.Failed, exit.Code(err))
	require.Zero(t, r.Lost)
	require.Positive(t, r.DuplicateOrders)
	require.Positive(t, r.LeftDifferent, "recheck finds several of an order")
	require.Equal(t, r.LiveChanges, r.Overwritten)
	require.GreaterOrEqual(t, r.StaleStock, r.Overwritten)
}

const smallDay = 120

// smallDayFile has so many operations of each kind.
func smallDayFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "day.ndjson")
	var b strings.Builder
	for i := range smallDay {
		fmt.Fprintf(&b, `{"op":"stock.set","partnerId":"SKU-%d","quantity":%d}`+"\n", i, i)
		fmt.Fprintf(&b, `{"op":"price.set","ad":%d,"price":%d,"discountPrice":1}`+"\n", i+1, i+1)
		fmt.Fprintf(&b, `{"op":"order.create","order":{"marketPlace":"ECOMMERCE","marketPlaceId":"%d"}}`+"\n", i)
		fmt.Fprintf(&b, `{"op":"sale.notify","sale":{"marketPlaceId":"S-%d"}}`+"\n", i)
	}
	require.NoError(t, os.WriteFile(file, []byte(b.String()), 0o600))
	return file
}

// A client that lies is found out, whatever its books say.
func TestDrillFindsOutALiar(t *testing.T) {
	t.Parallel()
	r, err := play(t, flags{seed: 1, input: smallDayFile(t), command: []string{os.Args[0], "liar"}})
	var code *exit.Error
	require.ErrorAs(t, err, &code)
	require.Equal(t, exit.Failed, code.Code)
	require.Zero(t, r.Waiting)
	require.Positive(t, r.Lost)
	require.Positive(t, r.StaleStock)
	require.Positive(t, r.StalePrices)
	require.Positive(t, r.LostSales)
	require.Less(t, r.LostSales, r.Lost)
	require.Positive(t, r.DuplicateOrders+r.DuplicateSales) // chance says of which
	require.NotEmpty(t, r.Findings)
	require.Empty(t, r.Reports, "it keeps no outbox")
}

// A client that ends by itself, or says what is no receipt, proves nothing.
func TestDrillOfABrokenClient(t *testing.T) {
	t.Parallel()
	_, err := play(t, flags{seed: 1, command: []string{os.Args[0], "quitter"}})
	require.ErrorContains(t, err, "ended by itself")
	require.ErrorContains(t, err, "no such flag")
	_, err = play(t, flags{seed: 1, command: []string{os.Args[0], "babbler"}})
	require.ErrorContains(t, err, "what is no receipt: hello")
	_, err = play(t, flags{seed: 1, command: []string{filepath.Join(t.TempDir(), "nobody")}})
	require.ErrorContains(t, err, "start the client")
}

// A client that takes nothing loses nothing, and proves nothing: not when its
// disk is full, and not when it calls wrong what the drill itself made up.
func TestDrillOfAClientThatTakesNothing(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "day.ndjson")
	require.NoError(t, os.WriteFile(file, []byte(`{"op":"stock.set","partnerId":"A","quantity":1}`), 0o600))
	for _, f := range []flags{
		{seed: 1, input: file, command: []string{os.Args[0], "full"}},
		{seed: 1, command: []string{os.Args[0], "refuser"}},
	} {
		r, err := play(t, f)
		require.Equal(t, exit.Failed, exit.Code(err))
		require.Equal(t, r.Operations, r.Unstored)
		require.Zero(t, r.Lost)
		require.Contains(t, r.Findings[0], "not stored: operation 1, no: {")
	}
	// What a user wrote may be wrong.
	_, err := play(t, flags{seed: 1, input: file, command: []string{os.Args[0], "refuser"}})
	require.NoError(t, err)
}

// A client that never answers is not waited for for ever, and what there is is
// judged.
func TestDrillIsCutShort(t *testing.T) {
	t.Parallel()
	r, err := play(t, flags{seed: 1, command: []string{os.Args[0], "idler"}, patience: 3 * time.Second})
	require.Equal(t, exit.Failed, exit.Code(err))
	require.Contains(t, r.CutShort, "took too long")
	require.Equal(t, r.Operations, r.Unanswered)
	require.Zero(t, r.Lost, "nothing was acknowledged")
}

// When it is interrupted nothing stays behind: no client, no folder.
func TestDrillIsInterrupted(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("TMP", temp) // where Windows looks
	ctx, cancel := context.WithCancel(t.Context())
	stderr := writer(func([]byte) { cancel() })
	f := flags{seed: 1, window: shortest, command: []string{os.Args[0], "idler"}}
	err := f.run(ctx, &bytes.Buffer{}, stderr)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "interrupted")
	left, err := os.ReadDir(temp)
	require.NoError(t, err)
	require.Empty(t, left)
}

type writer func([]byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }

func TestFlagsOfDrill(t *testing.T) {
	t.Parallel()
	for _, window := range []time.Duration{0, time.Second, 2500 * time.Millisecond, 5 * time.Hour} {
		f := flags{window: window}
		err := f.run(t.Context(), &bytes.Buffer{}, &bytes.Buffer{})
		require.Equal(t, exit.Usage, exit.Code(err))
	}
	for _, f := range []flags{{window: shortest, language: "klingon"}, {window: shortest, report: filepath.Join(t.TempDir(), "nowhere", "report.html")}} {
		err := f.run(t.Context(), &bytes.Buffer{}, &bytes.Buffer{})
		require.Equal(t, exit.Usage, exit.Code(err))
	}
	// What is kept from before is not overwritten.
	keep := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(keep, "marketplace"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(keep, "marketplace", clientLog), nil, 0o600))
	f := flags{window: shortest, keep: keep, command: []string{"nobody"}}
	require.ErrorIs(t, f.run(t.Context(), &bytes.Buffer{}, &bytes.Buffer{}), os.ErrExist)
}

// People are told in words what is wrong, and nothing in it drives a terminal.
func TestReportForPeople(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	require.NoError(t, (&result{Seconds: 31}).print(&b))
	require.Contains(t, b.String(), "Nothing was lost. 31 s")
	b.Reset()
	r := result{Lost: 30, Refused: 1}
	for range maxFindings {
		r.Findings = append(r.Findings, "lost: \x1b[31m\u202e "+`{"op":"é"}`)
	}
	require.NoError(t, r.print(&b))
	require.Contains(t, b.String(), "FAILED")
	require.Contains(t, b.String(), "There may be more.")
	require.Contains(t, b.String(), "refused there     1")
	require.NotContains(t, b.String(), "\x1b")
	require.NotContains(t, b.String(), "\u202e")
	require.Contains(t, b.String(), `{"op":"é"}`)
	b.Reset()
	require.NoError(t, (&result{CutShort: "too slow"}).print(&b))
	require.Contains(t, b.String(), "cut short: too slow")
	require.False(t, (&result{CutShort: "too slow"}).passed())
	require.False(t, (&result{Parked: 1}).passed())
	require.False(t, (&result{Unanswered: 1}).passed())
	require.False(t, (&result{Unstored: 1}).passed())
}
