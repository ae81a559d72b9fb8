package report_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/report"
)

// browserTests names the folder for screenshots. Without it the test is skipped:
// it needs a browser of the Chromium family, and takes a minute.
const browserTests = "REPORT_SCREENSHOTS"

// browser finds one.
func browser(t *testing.T) (path, screenshots string) {
	t.Helper()
	screenshots = os.Getenv(browserTests)
	if screenshots == "" {
		t.Skip("set " + browserTests + " to a folder for screenshots")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, screenshots
		}
	}
	t.Skip("there is no Chromium here")
	return "", ""
}

// look is run in a frame as wide as the screen to be tried: browsers without a
// window do not become as narrow as a phone. It tells what is wider than its room,
// and errors.
const look = `<!doctype html><meta charset="utf-8"><style>body{margin:0}iframe{border:0;display:block}</style>
<iframe id="f" style="width:%dpx;height:%dpx" srcdoc="%s"></iframe>
<script>
const wrong = [];
window.onerror = (m) => { wrong.push("error: " + m) };
document.getElementById("f").onload = (e) => {
  const d = e.target.contentDocument, w = e.target.contentWindow;
  const width = d.documentElement.clientWidth;
  if (d.documentElement.scrollWidth > width) wrong.push("the page is " + d.documentElement.scrollWidth + " wide, the screen " + width);
  for (const x of d.querySelectorAll("body *")) {
    if (x.closest("thead") && w.getComputedStyle(x.closest("thead")).position === "absolute") continue;
    const r = x.getBoundingClientRect();
    if (r.width > 0 && (r.right > width + 1 || r.left < -1)) wrong.push("outside: " + x.tagName + " " + x.textContent.slice(0, 40));
    if (x.scrollWidth > x.clientWidth + 1 && x.clientWidth > 0 && w.getComputedStyle(x).overflowX !== "visible") wrong.push("cut off: " + x.tagName + " " + x.textContent.slice(0, 40));
  }
  const svg = d.querySelector("svg").getBoundingClientRect();
  for (const x of d.querySelectorAll("svg text")) {
    const r = x.getBoundingClientRect();
    if (r.width > 0 && (r.left < svg.left - 1 || r.right > svg.right + 1 || r.bottom > svg.bottom + 1)) wrong.push("outside of the chart: " + x.textContent);
  }
  const texts = [...d.querySelectorAll("svg text")].filter((x) => x.getBoundingClientRect().width > 0);
  texts.forEach((x, i) => texts.slice(i + 1).forEach((y) => {
    const a = x.getBoundingClientRect(), b = y.getBoundingClientRect();
    if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3) wrong.push("one over the other: " + x.textContent + " and " + y.textContent);
  }));
  const found = document.createElement("pre");
  found.id = "found";
  found.textContent = JSON.stringify({width, height: d.documentElement.scrollHeight, sections: d.querySelectorAll("section").length, wrong});
  document.body.appendChild(found);
};
</script>`

// seen is what the page tells of itself.
type seen struct {
	Width    int      `json:"width"`
	Height   int      `json:"height"`
	Sections int      `json:"sections"`
	Wrong    []string `json:"wrong"`
}

// The page is whole on a desk and on a phone, in each language, and the browser
// has nothing to complain about.
func TestPageInABrowser(t *testing.T) { //nolint:paralleltest // a browser is enough for the machine
	path, screenshots := browser(t)
	require.NoError(t, os.MkdirAll(screenshots, 0o700))
	pages := map[report.Language]string{}
	t.Run("pages", func(t *testing.T) {
		t.Run("night", func(t *testing.T) { // which is over when pages is
			overNight(t, func(n *night) {
				n.stock("an account with quite a long name that goes on", "a-key-without-any-space-in-it-that-is-longer-than-a-phone-is-wide-0123456789-0123456789", "1")
				for _, l := range languages {
					o := besides(n.options())
					o.To, o.Name, o.Language, o.Format, o.Zone = n.end.Add(92*time.Minute), "maintenance", l, report.HTML, saoPaulo(t)
					pages[l], _ = n.write(o)
				}
			})
		})
	})
	require.Len(t, pages, len(languages))
	for l, page := range pages {
		for name, width := range map[string]int{"desktop": 1280, "phone": 390} {
			t.Run(fmt.Sprintf("%s %s", l, name), func(t *testing.T) {
				first := open(t, path, page, width, 2000, "")
				require.Equal(t, width, first.Width)
				require.Empty(t, first.Wrong)
				require.Greater(t, first.Sections, 10)
				open(t, path, page, width, first.Height, filepath.Join(screenshots, fmt.Sprintf("report-%s-%s.png", l, name)))
			})
		}
	}
}

// open shows a page and returns what it tells; with a path, it takes a picture.
func open(t *testing.T, path, page string, width, height int, picture string) seen {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "look.html")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, look, width, height, html.EscapeString(page)), 0o600))
	args := []string{
		"--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--user-data-dir=" + filepath.Join(dir, "profile"),
		"--enable-logging=stderr", fmt.Sprintf("--window-size=%d,%d", max(width, 500), height+100), "--virtual-time-budget=5000",
	}
	if picture == "" {
		args = append(args, "--dump-dom")
	} else {
		args = append(args, "--screenshot="+picture)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out, complaints strings.Builder
	c := exec.CommandContext(ctx, path, append(args, "file://"+file)...)
	c.Stdout, c.Stderr = &out, &complaints
	require.NoError(t, c.Run(), complaints.String())
	require.NotContains(t, complaints.String(), "CONSOLE", "the console is silent")
	if picture != "" {
		require.FileExists(t, picture)
		return seen{}
	}
	found := regexp.MustCompile(`(?s)<pre id="found">(.*?)</pre>`).FindStringSubmatch(out.String())
	require.Len(t, found, 2, "the page was looked at")
	var s seen
	require.NoError(t, json.Unmarshal([]byte(html.UnescapeString(found[1])), &s))
	return s
}
