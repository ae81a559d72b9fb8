package redact

import (
	"regexp"
	"strings"
)

var (
	email = regexp.MustCompile(`[\pL\pN._%+\-]+@[\pL\pN\-]+(\.[\pL\pN\-]+)+`)
	// number matches both documents as people write them, and any run of digits.
	number = regexp.MustCompile(`\b\d{3}\.\d{3}\.\d{3}-\d{2}\b|\b\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}\b|\d+`)
)

// Text returns text in which e-mail addresses and the numbers of Brazilian
// documents, CPF and CNPJ, are masked: what the other side says about a refusal
// may quote them. A number without punctuation is taken for a document if its
// check digits are right.
func Text(s string) string {
	if strings.Contains(s, "@") {
		s = email.ReplaceAllString(s, Mask)
	}
	const shortest = 11 // digits of a CPF
	if len(digitsOf(s)) < shortest {
		return s
	}
	return number.ReplaceAllStringFunc(s, func(n string) string {
		digits := digitsOf(n)
		if len(digits) < len(n) || isDocument(digits) {
			return Mask
		}
		return n
	})
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

func isDocument(digits string) bool {
	switch {
	case len(digits) != 11 && len(digits) != 14, strings.Count(digits, digits[:1]) == len(digits):
		return false
	}
	body := len(digits) - 2
	return digits[body] == checkDigit(digits[:body]) && digits[body+1] == checkDigit(digits[:body+1])
}

// checkDigit weighs the digits from the last to the first by 2, 3 and so on; a
// CNPJ's weights begin again after 9.
func checkDigit(digits string) byte {
	sum, weight := 0, 2
	for i := len(digits) - 1; i >= 0; i-- {
		sum += int(digits[i]-'0') * weight
		if weight++; weight > 9 && len(digits) >= 12 {
			weight = 2
		}
	}
	if rest := sum % 11; rest >= 2 {
		return byte('0' + 11 - rest)
	}
	return '0'
}
