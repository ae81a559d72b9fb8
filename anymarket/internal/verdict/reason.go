package verdict

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/anymarket-go/sdk/outbox"
)

// Unreadable is the answer for a body that is not what its kind stores, as an
// operator can edit it.
func Unreadable(err error) outbox.Answer {
	return outbox.Answer{Result: outbox.Result{Verdict: outbox.Rejected, Reason: "the stored body cannot be read: " + Short(err.Error())}}
}

// Short makes foreign prose fit for a reason: at most 200 bytes, without line
// breaks and control characters.
func Short(s string) string {
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
