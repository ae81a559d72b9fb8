package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
)

// jsonForm writes one object, entry by entry; the figures come last, since they
// are known last.
type jsonForm struct {
	out   io.Writer
	words *words
	w     *bufio.Writer
	rows  int
}

func (f *jsonForm) begin(o Options) error {
	f.w = bufio.NewWriter(f.out)
	head, err := encode(struct {
		Language Language `json:"language"`
		Zone     string   `json:"zone"`
	}{o.Language, zoneName(o.Zone, o.From)})
	if err != nil {
		return err
	}
	return f.put(bytes.TrimSuffix(head, []byte("}")), []byte(`,"entries":[`))
}

func (f *jsonForm) put(parts ...[]byte) error {
	for _, p := range parts {
		if _, err := f.w.Write(p); err != nil {
			return err
		}
	}
	return nil
}

func (f *jsonForm) row(r Row) error {
	data, err := encode(r)
	if err != nil {
		return err
	}
	before := ",\n"
	if f.rows == 0 {
		before = "\n"
	}
	f.rows++
	return f.put([]byte(before), data)
}

func (f *jsonForm) end(s *Summary) error {
	type task struct {
		Task

		Text string `json:"text"`
	}
	said := struct {
		*Summary

		ToDo []task `json:"to_do"`
	}{Summary: s, ToDo: []task{}}
	for _, t := range s.ToDo {
		said.ToDo = append(said.ToDo, task{t, f.words.task(t)})
	}
	data, err := encode(said)
	if err != nil {
		return err
	}
	if err := f.put([]byte("\n],"), bytes.TrimPrefix(data, []byte("{")), []byte("\n")); err != nil {
		return err
	}
	return f.w.Flush()
}

// encode writes JSON without the escapes for HTML.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
