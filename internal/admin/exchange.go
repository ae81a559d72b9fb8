package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/outbox"
)

func idOf(r *http.Request) (outbox.ID, error) {
	id, err := outbox.ParseID(r.PathValue("id"))
	if err != nil {
		return id, invalid("id", err.Error())
	}
	return id, nil
}

// isOn says whether a request wants what the parameter of that name stands for.
func isOn(r *http.Request, name string) (bool, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return false, nil
	}
	on, err := strconv.ParseBool(text)
	if err != nil {
		return false, invalid(name, "is neither true nor false")
	}
	return on, nil
}

func invalid(field, reason string) error {
	return &Error{Code: CodeInvalid, Message: field + " " + reason, Field: field}
}

// bodyOf reads a body, for which its sender has patience.
func bodyOf(w http.ResponseWriter, r *http.Request, most int64) ([]byte, error) {
	c := http.NewResponseController(w)
	// Without a connection there is no sender that could be slow.
	limited := c.SetReadDeadline(time.Now().Add(patience)) == nil
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if limited && err == nil {
		err = c.SetReadDeadline(time.Time{})
	}
	return body, err
}

// readJSON reads a small request. Members that are not known are refused, lest
// one that was misspelt be overlooked.
func readJSON(w http.ResponseWriter, r *http.Request, v any) error {
	const most = 64 << 10
	body, err := bodyOf(w, r, most)
	if err != nil {
		return err
	}
	return decodeWhole(body, v)
}

func decodeWhole(body []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil && d.More() {
		err = errors.New("more than one value")
	}
	if err != nil {
		return invalid("body", "is not what belongs here: "+strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// done answers what has no answer but that it was done.
func done(w http.ResponseWriter, err error) error {
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}

func writeJSON(w http.ResponseWriter, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(data, '\n')) // a reader that is gone needs no answer
	return nil
}

func writeError(w http.ResponseWriter, e *Error) {
	data, err := json.Marshal(map[string]*Error{"error": e})
	if err != nil {
		data = []byte(`{"error":{"code":"internal","message":"the error cannot be written"}}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.status())
	_, _ = w.Write(append(data, '\n')) // as above
}
