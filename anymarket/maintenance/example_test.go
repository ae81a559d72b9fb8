package maintenance_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/maintenance"
)

// The table of an announcement, checked to be one instant.
func ExampleResolve() {
	w, err := maintenance.Resolve("July", []maintenance.Row{
		{Zone: "America/Mexico_City", Local: "2024-07-27T22:00"},
		{Zone: "America/Lima", Local: "2024-07-27T23:00"},
		{Zone: "America/Santiago", Local: "2024-07-28T00:00"},
		{Zone: "America/Sao_Paulo", Local: "2024-07-28T01:00"},
	}, 4*time.Hour)
	fmt.Println(w, err)
	// Half a year later Chile has summer time.
	_, err = maintenance.Resolve("January", []maintenance.Row{
		{Zone: "America/Lima", Local: "2025-01-25T23:00"},
		{Zone: "America/Santiago", Local: "2025-01-26T00:00"},
		{Zone: "America/Sao_Paulo", Local: "2025-01-26T01:00"},
	}, 4*time.Hour)
	var row *maintenance.RowError
	fmt.Println(errors.As(err, &row), row.Row.Zone)
	// Output:
	// July, 2024-07-28T04:00:00Z to 2024-07-28T08:00:00Z <nil>
	// true America/Santiago
}

// A calendar that follows a file, and the file being changed meanwhile.
func ExampleFromFile() {
	dir, err := os.MkdirTemp("", "windows")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	f := maintenance.NewFile(filepath.Join(dir, "windows.json"))
	start := time.Date(2024, 7, 28, 4, 0, 0, 0, time.UTC)
	if _, err := f.Add(maintenance.Spec{Name: "July", Start: start, End: start.Add(4 * time.Hour)}); err != nil {
		fmt.Println(err)
		return
	}
	c, err := maintenance.FromFile(filepath.Join(dir, "windows.json"))
	if err != nil {
		fmt.Println(err)
		return
	}
	w, ok := c.At("api.anymarket.com.br", start.Add(time.Hour))
	fmt.Println(w, ok)
	if _, err := f.Remove("July"); err != nil {
		fmt.Println(err)
		return
	}
	_, ok = c.At("api.anymarket.com.br", start.Add(2*time.Hour))
	fmt.Println(ok, c.Err())
	// Output:
	// July, 2024-07-28T04:00:00Z to 2024-07-28T08:00:00Z true
	// false <nil>
}

// A calendar that follows a status page. Without Page and Transport it is
// ANYMARKET's.
func ExampleWatcher() {
	page := anymarkettest.NewStatusPage()
	defer func() { _ = page.Close() }()
	start := time.Now().Add(24 * time.Hour).Truncate(time.Second)
	page.Announce("upgrade", start, 4*time.Hour)

	windows := &maintenance.Calendar{} // also Config.Windows of the client
	w, err := maintenance.NewWatcher(windows, maintenance.WatcherConfig{Page: page.URL, Transport: page.Transport()})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := w.Look(context.Background()); err != nil {
		fmt.Println(err) // no reason not to go on
	}
	// From here on go w.Run(ctx) keeps the calendar up to date.
	for _, win := range windows.Upcoming(time.Now()) {
		fmt.Println(win.Name, win.Start.Equal(start), win.End.Sub(win.Start))
	}
	// Output: upgrade true 4h0m0s
}

// A day and an hour before each window someone is told.
func ExampleCalendar_Remind() {
	start := time.Now().Add(30 * time.Minute)
	windows, err := maintenance.New(maintenance.Window{Name: "upgrade", Start: start, End: start.Add(4 * time.Hour)})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	err = windows.Remind(ctx, func(_ context.Context, r maintenance.Reminder) {
		fmt.Println(r.Name, "begins in less than", r.Lead)
		stop() // a program goes on until it ends
	}, 24*time.Hour, time.Hour)
	fmt.Println(err)
	// Output:
	// upgrade begins in less than 1h0m0s
	// <nil>
}
