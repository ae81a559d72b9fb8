package api

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// cutBytes returns at most n bytes of s, ending at a whole character.
func cutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// quoteShort returns up to 60 bytes of s, quoted and escaped, for messages.
func quoteShort(s string) string {
	const most = 60
	if len(s) > most {
		return strconv.Quote(cutBytes(s, most) + "…")
	}
	return strconv.Quote(s)
}

// excerpt makes foreign prose fit for an error text or a log line: white space
// folded, documents and mail addresses masked, at most n bytes, no control or
// format character left that could forge lines or hide text.
func excerpt(s string, n int) string {
	// Several times what is kept, since folding and masking shorten.
	s = strings.Join(strings.Fields(strings.ToValidUTF8(cutBytes(s, 4*n), "\uFFFD")), " ")
	s = maskNumbers(maskMail(s))
	if len(s) > n {
		s = strings.TrimRight(cutBytes(s, n), " ") + "…"
	}
	quoted := strconv.Quote(s)
	return strings.ReplaceAll(strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`), `\\`, `\`)
}

// maskMail hides the name in a mail address: "***@example.com".
func maskMail(s string) string {
	words := strings.Split(s, " ")
	for i, w := range words {
		if at := strings.LastIndexByte(w, '@'); at > 0 {
			words[i] = "***" + w[at:]
		}
	}
	return strings.Join(words, " ")
}

// maskNumbers hides numbers of the length of a CPF, a CNPJ or a card, however
// they are punctuated, except for the last four digits. Ids of ANYMARKET are
// shorter.
func maskNumbers(s string) string {
	const short = 11 // digits of a CPF, and of a mobile phone with area code
	var out strings.Builder
	for i := 0; i < len(s); {
		end, count := numberAt(s, i)
		switch {
		case count >= short:
			out.WriteString("***" + s[end-min(4, end-i):end])
		case end > i:
			out.WriteString(s[i:end])
		default:
			out.WriteByte(s[i])
			end = i + 1
		}
		i = end
	}
	return out.String()
}

// numberAt returns where the number that starts at i ends, and its digits.
// Between them stand at most two of '.', '-', '/', '(', ')' and space.
func numberAt(s string, i int) (end, count int) {
	end = i
	for j := i; j < len(s); j++ {
		switch {
		case s[j] >= '0' && s[j] <= '9':
			count++
			end = j + 1
		case count > 0 && j <= end+1 && strings.IndexByte(".-/() ", s[j]) >= 0:
		default:
			return end, count
		}
	}
	return end, count
}
