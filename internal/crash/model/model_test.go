package model

import (
	"bytes"
	"testing"

	"github.com/anymarket-go/sdk/internal/crash/trace"
)

// wr is a write that begins and ends at a line of the log.
func wr(line int, path string, off int64, s string) trace.Op {
	return trace.Op{Kind: trace.Write, Call: "pwrite64", Start: line, End: line, Path: path, Off: off, Data: []byte(s)}
}

// sy is a sync of a file, failed if errno is not empty.
func sy(line int, path, errno string) trace.Op {
	return trace.Op{Kind: trace.Sync, Call: "fdatasync", Start: line, End: line, Path: path, Errno: errno}
}

// lastNone is what is on disk if nothing got there that need not.
func lastNone(t *testing.T, strict bool, base map[string][]byte, ops ...trace.Op) Image {
	t.Helper()
	d := New(base, strict)
	var img Image
	if err := Replay(d, ops, func(Point) error { img = d.Build(Choice{Whole: func(int) bool { return false }}); return nil }); err != nil {
		t.Fatal(err)
	}
	return img
}

func TestSyncMakesDurable(t *testing.T) {
	base := map[string][]byte{"/r/db": []byte("aaaa")}
	if got := lastNone(t, true, base, wr(1, "/r/db", 0, "bb")); string(got["/r/db"]) != "aaaa" {
		t.Fatalf("unsynced write must be droppable: %q", got["/r/db"])
	}
	if got := lastNone(t, true, base, wr(1, "/r/db", 0, "bb"), sy(2, "/r/db", "")); string(got["/r/db"]) != "bbaa" {
		t.Fatalf("synced write must stay: %q", got["/r/db"])
	}
}

func TestSyncDoesNotCoverConcurrentWrite(t *testing.T) {
	w := wr(1, "/r/db", 0, "bb")
	w.End = 3 // returned only after the sync began at 2
	s := sy(2, "/r/db", "")
	s.End = 4
	if got := lastNone(t, true, map[string][]byte{"/r/db": []byte("aaaa")}, w, s); string(got["/r/db"]) != "aaaa" {
		t.Fatalf("%q", got["/r/db"])
	}
}

func TestFailedSyncIsLimboForEver(t *testing.T) {
	base := map[string][]byte{"/r/db": []byte("aaaa")}
	got := lastNone(t, true, base, wr(1, "/r/db", 0, "bb"), sy(2, "/r/db", "EIO"), sy(3, "/r/db", ""))
	if string(got["/r/db"]) != "aaaa" {
		t.Fatalf("a later sync must not save what a failed one lost: %q", got["/r/db"])
	}
	got = lastNone(t, true, base, wr(1, "/r/db", 0, "bb"), sy(2, "/r/db", "EIO"), wr(3, "/r/db", 0, "cc"), sy(4, "/r/db", ""))
	if string(got["/r/db"]) != "ccaa" {
		t.Fatalf("rewriting and syncing must: %q", got["/r/db"])
	}
}

func TestNames(t *testing.T) {
	ops := []trace.Op{
		{Kind: trace.Create, Call: "openat", Start: 1, End: 1, Path: "/r/t"},
		wr(2, "/r/t", 0, "new"), sy(3, "/r/t", ""),
		{Kind: trace.Rename, Call: "rename", Start: 4, End: 4, Path: "/r/t", Path2: "/r/db"},
	}
	base := map[string][]byte{"/r/db": []byte("old")}
	if got := lastNone(t, false, base, ops...); string(got["/r/db"]) != "old" || string(got["/r/t"]) != "new" {
		t.Fatalf("journal: %q", got)
	}
	if got := lastNone(t, true, base, ops...); got["/r/t"] != nil {
		t.Fatalf("strict: the name is not durable without a directory sync: %q", got)
	}
	ops = append(ops, trace.Op{Kind: trace.SyncDir, Call: "fsync", Start: 5, End: 5, Path: "/r"})
	if got := lastNone(t, true, base, ops...); string(got["/r/db"]) != "new" || len(got) != 1 {
		t.Fatalf("strict with directory sync: %q", got)
	}
}

func TestTear(t *testing.T) {
	d := New(map[string][]byte{"/r/db": bytes.Repeat([]byte{'a'}, 2048)}, true)
	w := wr(1, "/r/db", 0, string(bytes.Repeat([]byte{'b'}, 2048)))
	var img Image
	err := Replay(d, []trace.Op{w}, func(Point) error {
		img = d.Build(Choice{Whole: func(int) bool { return true }, Piece: func(_ int, off int64) bool { return off == 512 }})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := append(append(bytes.Repeat([]byte{'a'}, 512), bytes.Repeat([]byte{'b'}, 512)...), bytes.Repeat([]byte{'a'}, 1024)...)
	if !bytes.Equal(img["/r/db"], want) {
		t.Fatal("torn image wrong")
	}
}

func TestSyncsSideBySideMakeDurableOnce(t *testing.T) {
	first, second := sy(2, "/r/db", ""), sy(3, "/r/db", "")
	first.End, second.End = 5, 6
	base := map[string][]byte{"/r/db": []byte("aaaa")}
	got := lastNone(t, true, base, wr(1, "/r/db", 0, "bb"), first, second)
	if string(got["/r/db"]) != "bbaa" {
		t.Fatalf("got %q, want bbaa", got["/r/db"])
	}
	create := trace.Op{Kind: trace.Create, Call: "openat", Start: 1, End: 1, Path: "/r/x"}
	a := trace.Op{Kind: trace.SyncDir, Call: "fsync", Start: 2, End: 4, Path: "/r"}
	b := trace.Op{Kind: trace.SyncDir, Call: "fsync", Start: 3, End: 6, Path: "/r"}
	late := trace.Op{Kind: trace.Create, Call: "openat", Start: 5, End: 5, Path: "/r/late"}
	got = lastNone(t, true, nil, create, a, b, late)
	if _, ok := got["/r/x"]; !ok || len(got) != 1 {
		t.Fatalf("got %q, want x only: late came after both syncs began", got)
	}
}
