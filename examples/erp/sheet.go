package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"slices"

	"github.com/anymarket-go/sdk/anymarket"
)

// sheet is the path of what the ERP exports: a CSV file with the columns of
// header, one line for each SKU. The ERP replaces it as a whole.
type sheet string

func header() []string {
	return []string{"account", "sku", "quantity", "marketplace", "price", "discount_price"}
}

// row is a line of the sheet. One without a marketplace has no price.
type row struct {
	account, sku         string
	quantity             anymarket.Decimal
	marketplace          string
	price, discountPrice anymarket.Decimal
}

// rows reads the sheet. It is good as a whole, or an error names the line.
func (s sheet) rows() ([]row, error) {
	f, err := os.Open(string(s))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was read only
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s, err)
	}
	if len(records) == 0 || !slices.Equal(records[0], header()) {
		return nil, fmt.Errorf("%s: the first line has to be %q", s, header())
	}
	rows := make([]row, 0, len(records)-1)
	for i, record := range records[1:] {
		r, err := parse(record)
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", s, i+2, err)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func parse(record []string) (r row, err error) {
	r = row{account: record[0], sku: record[1], marketplace: record[3]}
	if r.quantity, err = anymarket.ParseDecimal(record[2]); err != nil {
		return row{}, fmt.Errorf("quantity: %w", err)
	}
	if r.marketplace == "" {
		return r, nil
	}
	if r.price, err = anymarket.ParseDecimal(record[4]); err != nil {
		return row{}, fmt.Errorf("price: %w", err)
	}
	if r.discountPrice, err = anymarket.ParseDecimal(record[5]); err != nil {
		return row{}, fmt.Errorf("discount_price: %w", err)
	}
	return r, nil
}
