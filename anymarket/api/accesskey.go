package api

// checkAccessKey refuses the access key of a Brazilian invoice whose last digit
// does not fit the others. Keys of other lengths or with other characters are
// of other countries or kinds, and pass.
//
// Source: the NF-e's taxpayer guidance manual: 44 digits, the last of them
// modulo 11 with weights 2 to 9 from the right.
func checkAccessKey(field, key string) error {
	const length = 44
	if len(key) != length || !digitsOnly(key) {
		return nil
	}
	sum := 0
	for i := range length - 1 {
		sum += int(key[length-2-i]-'0') * (2 + i%8)
	}
	digit := byte('0')
	if r := sum % 11; r > 1 {
		digit += byte(11 - r)
	}
	if key[length-1] != digit {
		return &FieldError{Field: field, Reason: "has a wrong check digit: is it mistyped?"}
	}
	return nil
}
