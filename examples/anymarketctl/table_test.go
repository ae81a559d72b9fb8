package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func written(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// rowsOf are the rows of a file: their objects, or "line: why not".
func rowsOf(t *testing.T, content string, how tableFlags) (rows []string, err error) {
	t.Helper()
	if how.encoding == "" {
		how.encoding = encodingUTF8
	}
	table, err := openTable(written(t, "rows", content), how, stockColumns())
	if err != nil {
		return nil, err
	}
	for row, err := range table.all() {
		require.NoError(t, err)
		text := string(row.object)
		if row.bad != nil {
			text = row.bad.Error()
		}
		rows = append(rows, text)
	}
	require.Len(t, rows, table.rows)
	return rows, nil
}

func TestTable(t *testing.T) {
	t.Parallel()
	const a = `{"partnerId":"A","quantity":"5"}`
	for name, test := range map[string]struct {
		content string
		how     tableFlags
		want    []string
		err     string
	}{
		"comma":                  {content: "partnerId,quantity\nA,5\n", want: []string{a}},
		"semicolon":              {content: "partnerId;quantity\r\nA;5\r\n", want: []string{a}},
		"tab, no break at end":   {content: "partnerId\tquantity\nA\t5", want: []string{a}},
		"mark of UTF-8":          {content: "\xef\xbb\xbfpartnerId;quantity\nA;5\n", want: []string{a}},
		"blank lines":            {content: "\npartnerId;quantity\n\nA;5\n \n", want: []string{a}},
		"empty cells":            {content: "partnerId;quantity;cost\nA;5;\n", want: []string{a}},
		"spaces, other case":     {content: "PARTNERID ; Quantity\nA ; 5\n", want: []string{a}},
		"quotes":                 {content: "partnerId;quantity\n\"A;\"\"B\";5\n", want: []string{`{"partnerId":"A;\"B","quantity":"5"}`}},
		"objects":                {content: `{"partnerId":"A","quantity":5}` + "\n\n" + `{"partnerId":"B"` + "\n[1]\n", want: []string{`{"partnerId":"A","quantity":5}`, "is not a JSON object", "is not a JSON object"}},
		"bad rows":               {content: "partnerId;quantity\nA\nA;5\nA;5;6\n2\"x;1\n\"a\"b;1\nA;5\n", want: []string{"has 1 cells, the header has 2", a, "has 3 cells, the header has 2", `bare " in non-quoted-field`, `extraneous or missing " in quoted-field`, a}},
		"given delimiter":        {content: "partnerId;quantity\n", how: tableFlags{delimiter: ","}, err: "is not known"},
		"two delimiters":         {content: "partnerId;quantity,cost\n", err: "--delimiter"},
		"one column":             {content: "partnerId\nA\n", err: "--delimiter"},
		"given tab":              {content: "partnerId\tquantity\nA\t5\n", how: tableFlags{delimiter: "tab"}, want: []string{a}},
		"unknown column":         {content: "partnerId;quantidade\nA;5\n", err: `"quantidade" is not known`},
		"named columns":          {content: "Nome;SKU;Estoque\nx;A;5\n", how: tableFlags{columns: []string{"partnerId=SKU", "quantity=Estoque"}}, want: []string{a}},
		"named column missing":   {content: "Nome;SKU\nx;A\n", how: tableFlags{columns: []string{"partnerId=SKU", "quantity=Estoque"}}, err: `"Estoque"`},
		"column twice":           {content: "partnerId;partnerId\n", err: "twice"},
		"open quote":             {content: "partnerId;quantity\n\"A;5\nB;6\n", err: "line 2: a quote is not closed"},
		"decimal comma":          {content: "partnerId;quantity\nA;1,5\n", err: "line 2: quantity: \"1,5\" has a comma: if that is the decimal sign pass --decimal-comma"},
		"decimal comma, asked":   {content: "partnerId;quantity\nA,B;1,5\nA;1.000,5\n", how: tableFlags{decimalComma: true}, want: []string{`{"partnerId":"A,B","quantity":"1.5"}`, `quantity: "1.000,5" has a point, which with a decimal comma may mean anything`}},
		"commas everywhere":      {content: "partnerId,quantity\nA,1\n", how: tableFlags{decimalComma: true}, err: "--decimal-comma"},
		"Latin-1":                {content: "partnerId;quantity\nA;1\nCAL\xc7A;5\n", err: "line 3: is not in UTF-8"},
		"Latin-1, asked":         {content: "partnerId;quantity\nCAL\xc7A;5\n", how: tableFlags{encoding: encodingLatin1}, want: []string{`{"partnerId":"CALÇA","quantity":"5"}`}},
		"Latin-1, not so":        {content: "partnerId;quantity\nA\x96B;5\n", how: tableFlags{encoding: encodingLatin1}, err: "windows-1252"},
		"Windows-1252":           {content: "partnerId;quantity\nA\x96\xc7;5\n", how: tableFlags{encoding: encodingWindows}, want: []string{`{"partnerId":"A–Ç","quantity":"5"}`}},
		"Windows-1252, not so":   {content: "partnerId;quantity\nA\x81;5\n", how: tableFlags{encoding: encodingWindows}, err: "0x81"},
		"UTF-8 asked as Latin-1": {content: "\xef\xbb\xbfpartnerId;quantity\n", how: tableFlags{encoding: encodingLatin1}, err: "is in UTF-8"},
		"UTF-16":                 {content: "\xff\xfep\x00a\x00", err: "UTF-16"},
		"empty":                  {content: "\n", err: "has no rows"},
		"objects and a flag":     {content: "{}", how: tableFlags{delimiter: ";"}, err: "mean nothing"},
		"long line":              {content: "partnerId;quantity\n" + strings.Repeat("x", maxLine+1), err: "line 2: the line is longer"},
		"unknown encoding":       {how: tableFlags{encoding: "ascii"}, err: "--encoding"},
		"wide delimiter":         {how: tableFlags{delimiter: "::"}, err: "--delimiter"},
		"comma and comma":        {how: tableFlags{delimiter: ",", decimalComma: true}, err: "--decimal-comma"},
		"unknown name":           {how: tableFlags{columns: []string{"sku=SKU"}}, err: "NAME of partnerId, id"},
		"name twice":             {how: tableFlags{columns: []string{"id=SKU", "id=X"}}, err: "twice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, err := rowsOf(t, test.content, test.how)
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, rows)
		})
	}
}

func TestTableThatChangesWhileItIsRead(t *testing.T) {
	t.Parallel()
	path := written(t, "stock.csv", "partnerId;quantity\nA;5\n")
	table, err := openTable(path, tableFlags{encoding: encodingUTF8}, stockColumns())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte("partnerId;quantity\nA;6\n"), 0o600))
	var last error
	for _, err := range table.all() {
		last = err
	}
	require.ErrorIs(t, last, errTableChanged)

	again, err := openTable(path, tableFlags{encoding: encodingUTF8}, stockColumns())
	require.NoError(t, err)
	require.NotEqual(t, table.identity, again.identity, "what is kept of one file does not count for the other")
	other, err := openTable(path, tableFlags{encoding: encodingUTF8, decimalComma: true}, stockColumns())
	require.NoError(t, err)
	require.NotEqual(t, again.identity, other.identity, "read in another way it is another file")
}
