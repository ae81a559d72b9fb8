package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/internal/redact"
	"github.com/anymarket-go/sdk/outbox"
)

func editCommand() *cobra.Command {
	var from string
	var id outbox.ID
	var body []byte
	c := onOutbox(&cobra.Command{
		Use:   "edit ID --body FILE|-",
		Short: "Give a dead letter or a parked entry another body, and let it be tried again",
		Example: `  anymarketctl show ID --outbox anymarket.db --body > body.json
  anymarketctl edit ID --outbox anymarket.db --body body.json`,
		Args: cobra.ExactArgs(1),
	}, func(c *cobra.Command, o *admin.Client, _ []string) error {
		on, err := o.Edit(c.Context(), id, body)
		if err != nil {
			return err
		}
		return printDone(c, "edited", on)
	})
	// Others need the file while somebody types.
	c.PreRunE = func(c *cobra.Command, args []string) (err error) {
		if id, err = outbox.ParseID(args[0]); err != nil {
			return usage("%w", err)
		}
		if from == "" {
			return nil // it is required, which is told next
		}
		if body, err = readBody(c, from); err != nil {
			return &exit.Error{Code: exit.Failed, Err: err}
		}
		return nil
	}
	c.Flags().StringVar(&from, "body", "", "the `FILE` with the new body, - for the input")
	must(c.MarkFlagRequired("body"))
	return c
}

// readBody reads a new body. All bodies are JSON; one that is not, or that was
// taken from a display that masks, could only be refused later.
func readBody(c *cobra.Command, from string) ([]byte, error) {
	in := c.InOrStdin()
	if from != "-" {
		f, err := os.Open(from)
		if err != nil {
			return nil, fmt.Errorf("new body: %w", err)
		}
		defer func() { _ = f.Close() }() // it was only read
		in = f
	}
	body, err := io.ReadAll(io.LimitReader(in, maxLine+1))
	if err != nil {
		return nil, fmt.Errorf("new body: %w", err)
	}
	body = bytes.TrimSpace(body)
	switch {
	case len(body) > maxLine:
		return nil, fmt.Errorf("new body: more than %d bytes", maxLine)
	case !json.Valid(body):
		return nil, errors.New("new body: is not JSON")
	case isMasked(body):
		return nil, fmt.Errorf("new body: has values that are masked as %q: take the body from show --body", redact.Mask)
	default:
		return body, nil
	}
}

func isMasked(body []byte) bool {
	for d := json.NewDecoder(bytes.NewReader(body)); ; {
		token, err := d.Token()
		if err != nil {
			return false
		}
		if token == redact.Mask {
			return true
		}
	}
}
