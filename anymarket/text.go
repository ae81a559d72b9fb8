package anymarket

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// short makes foreign prose fit for a reason: at most 200 bytes, without line
// breaks and control characters.
func short(s string) string {
	const most = 200
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	if len(s) > most {
		n := most
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n] + "…"
	}
	quoted := strconv.Quote(s)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}
