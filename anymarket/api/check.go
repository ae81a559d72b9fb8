package api

import (
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Check refuses the values of a request that cannot be sent as they are: a
// number that is none or is negative, a date that is none, text that is not
// UTF-8. It looks into structs, pointers and lists; the [*FieldError] names the
// place as JSON does, as in "items[0].total".
func Check(v any) error { return checkValue("", reflect.ValueOf(v)) }

func checkValue(place string, v reflect.Value) error {
	if v.IsValid() && v.CanInterface() {
		switch v := v.Interface().(type) {
		case Decimal:
			return checkAmount(place, v)
		case Time:
			return checkTime(place, v)
		}
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return checkValue(place, v.Elem())
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if err := checkValue(place+"["+strconv.Itoa(i)+"]", v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			if err := checkValue(place+"."+key.String(), v.MapIndex(key)); err != nil {
				return err
			}
		}
	case reflect.Struct:
		return checkFields(place, v)
	case reflect.String:
		if !utf8.ValidString(v.String()) {
			return &FieldError{Field: place, Reason: "is not UTF-8"}
		}
	default:
	}
	return nil
}

func checkFields(place string, v reflect.Value) error {
	if place != "" {
		place += "."
	}
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		if err := checkValue(place+name, v.Field(i)); err != nil {
			return err
		}
	}
	return nil
}
