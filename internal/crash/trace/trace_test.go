package trace

import (
	"strings"
	"testing"
)

func hex(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		const d = "0123456789abcdef"
		b.WriteString(`\x` + string(d[s[i]>>4]) + string(d[s[i]&15]))
	}
	return b.String()
}

func TestParse(t *testing.T) {
	log := strings.Join([]string{
		`10 openat(AT_FDCWD<` + hex("/x") + `>, "` + hex("/r/db") + `", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3<` + hex("/r/db") + `>`,
		`10 pwrite64(3<` + hex("/r/db") + `>, "` + hex("abc") + `", 3, 4096) = 3`,
		`11 pwrite64(3<` + hex("/r/db") + `>, "` + hex("defg") + `", 4, 0 <unfinished ...>`,
		`10 fdatasync(3<` + hex("/r/db") + `>) = 0`,
		`11 <... pwrite64 resumed>) = 2`,
		`10 fdatasync(3<` + hex("/r/db") + `>) = -1 EIO (Input/output error) (INJECTED)`,
		`10 write(1<` + hex("pipe:[1]") + `>, "` + hex("ACK 1\n") + `", 6) = 6`,
		`10 write(4<` + hex("/other") + `>, "` + hex("zz") + `", 2) = 2`,
		`11 fsync(5<` + hex("/r") + `>) = 0`,
		`11 renameat(AT_FDCWD<` + hex("/r") + `>, "` + hex("a") + `", AT_FDCWD<` + hex("/r") + `>, "` + hex("b") + `") = 0`,
		`11 ftruncate(3<` + hex("/r/db") + `>, 65536 <unfinished ...>`,
		`11 +++ killed by SIGKILL +++`,
	}, "\n")
	ops, err := Parse(strings.NewReader(log), "/r", func(p string) bool { return p == "/r" })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range ops {
		got = append(got, o.Kind.String())
	}
	want := "create write write sync sync output syncdir rename trunc"
	if strings.Join(got, " ") != want {
		t.Fatalf("got %v want %s", got, want)
	}
	if string(ops[2].Data) != "de" || ops[2].Start != 3 || ops[2].End != 5 {
		t.Fatalf("short interleaved write wrong: %+v", ops[2])
	}
	if ops[1].Off != 4096 || ops[4].Errno != "EIO" || ops[3].Errno != "" {
		t.Fatalf("%+v %+v", ops[1], ops[4])
	}
	if ops[7].Path != "/r/a" || ops[7].Path2 != "/r/b" {
		t.Fatalf("%+v", ops[7])
	}
	if ops[8].End != Never || ops[8].Size != 65536 {
		t.Fatalf("%+v", ops[8])
	}
}

func TestParseCutData(t *testing.T) {
	log := `10 pwrite64(3<` + hex("/r/db") + `>, "` + hex("abc") + `"..., 9000, 4096) = 9000`
	if _, err := Parse(strings.NewReader(log), "/r", func(string) bool { return false }); err == nil {
		t.Fatal("data cut short must be an error")
	}
}

func TestParseCallThatNeverReturned(t *testing.T) {
	log := `10 fdatasync(3<` + hex("/r/db") + `>) = ?`
	ops, err := Parse(strings.NewReader(log), "/r", func(string) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	if len(ops) != 1 || ops[0].End != Never {
		t.Fatalf("got %+v, want one sync without an end", ops)
	}
}

func TestParseRingIsUnmodeledUnlessItWasNeverMade(t *testing.T) {
	for log, want := range map[string]int{
		`10 io_uring_setup(8, {flags=0}) = 3`: 1,
		`10 io_uring_setup(0, {flags=0x32333000} <unfinished ...>` + "\n" + `10 +++ exited with 0 +++`: 0,
	} {
		ops, err := Parse(strings.NewReader(log), "/r", func(string) bool { return false })
		if err != nil {
			t.Fatal(err)
		}
		if len(ops) != want {
			t.Errorf("%s: got %+v, want %d", log, ops, want)
		}
	}
}

func TestParseRenameAcrossRootIsUnmodeled(t *testing.T) {
	log := `10 rename("` + hex("/elsewhere/a") + `", "` + hex("/r/a") + `") = 0`
	ops, err := Parse(strings.NewReader(log), "/r", func(string) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	if len(ops) != 1 || ops[0].Kind != Unmodeled {
		t.Fatalf("got %+v, want one unmodeled event", ops)
	}
}
