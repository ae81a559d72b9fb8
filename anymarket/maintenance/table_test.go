package maintenance_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/maintenance"
)

// notice is the table of the announced window, shifted to start on a Saturday
// evening and the Sunday after it.
func notice(saturday, sunday string) []maintenance.Row {
	return []maintenance.Row{
		{Zone: "America/Mexico_City", Local: saturday + "T22:00"},
		{Zone: "America/Lima", Local: saturday + "T23:00"},
		{Zone: "America/Bogota", Local: saturday + "T23:00"},
		{Zone: "America/Santiago", Local: sunday + "T00:00"},
		{Zone: "America/Sao_Paulo", Local: sunday + "T01:00"},
		{Zone: "America/Argentina/Buenos_Aires", Local: sunday + "T01:00"},
		{Zone: "America/Montevideo", Local: sunday + "T01:00"},
	}
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func TestNoticeIsOneInstantInJuly(t *testing.T) {
	t.Parallel()
	w, err := maintenance.Resolve("July", notice("2024-07-27", "2024-07-28"), 4*time.Hour)
	require.NoError(t, err)
	require.Equal(t, maintenance.Window{Name: "July", Start: at("2024-07-28T04:00:00Z"), End: at("2024-07-28T08:00:00Z")}, w)
}

func TestNoticeInJanuaryIsRefusedNamingChile(t *testing.T) {
	t.Parallel()
	_, err := maintenance.Resolve("January", notice("2024-01-27", "2024-01-28"), 4*time.Hour)
	require.ErrorIs(t, err, maintenance.ErrDisagrees)
	require.EqualError(t, err, "rows[3]: America/Santiago 2024-01-28T00:00: is another instant than the other rows: it is 2024-01-28T03:00:00Z, 6 of 7 rows are 2024-01-28T04:00:00Z")
	var row *maintenance.RowError
	require.ErrorAs(t, err, &row)
	require.Equal(t, 3, row.Index)
}

func TestResolve(t *testing.T) {
	t.Parallel()
	type rows = []maintenance.Row
	for name, c := range map[string]struct {
		rows   rows
		length time.Duration
		start  string // or the error
		want   string
		is     error
	}{
		"one row": {rows: rows{{"America/Sao_Paulo", "2024-07-28 01:00"}}, start: "2024-07-28T04:00:00Z"},
		"seconds": {rows: rows{{"America/Sao_Paulo", "2024-07-28T01:00:30"}}, start: "2024-07-28T04:00:30Z"},
		"UTC":     {rows: rows{{"UTC", "2024-07-28T04:00"}}, start: "2024-07-28T04:00:00Z"},
		// Chile goes from 24:00 to 01:00 on 2024-09-07, and back on 2024-04-06.
		"skipped": {
			rows: rows{{"America/Santiago", "2024-09-08T00:30"}},
			want: "rows[0].local: America/Santiago 2024-09-08T00:30: no such time there: the clocks skip it", is: maintenance.ErrSkipped,
		},
		"just after what is skipped": {rows: rows{{"America/Santiago", "2024-09-08T01:00"}}, start: "2024-09-08T04:00:00Z"},
		"twice": {
			rows: rows{{"America/Santiago", "2024-04-06T23:30"}},
			want: "rows[0].local: America/Santiago 2024-04-06T23:30: happens twice there, as clocks are set back, and no other row says which is meant", is: maintenance.ErrTwice,
		},
		"twice, all rows":         {rows: rows{{"America/Santiago", "2024-04-06T23:30"}, {"Chile/Continental", "2024-04-06T23:30"}}, is: maintenance.ErrTwice},
		"twice, the first meant":  {rows: rows{{"America/Santiago", "2024-04-06T23:30"}, {"America/Sao_Paulo", "2024-04-06T23:30"}}, start: "2024-04-07T02:30:00Z"},
		"twice, the second meant": {rows: rows{{"America/Santiago", "2024-04-06T23:30"}, {"America/Sao_Paulo", "2024-04-07T00:30"}}, start: "2024-04-07T03:30:00Z"},
		"twice, neither meant": {
			rows: rows{{"America/Santiago", "2024-04-06T23:30"}, {"America/Sao_Paulo", "2024-04-07T01:30"}, {"America/Lima", "2024-04-06T23:30"}},
			want: "rows[0]: America/Santiago 2024-04-06T23:30: is another instant than the other rows: it is 2024-04-07T02:30:00Z or 2024-04-07T03:30:00Z, 2 of 3 rows are 2024-04-07T04:30:00Z",
		},
		"half-hour change": {rows: rows{{"Australia/Lord_Howe", "2024-10-06T02:15"}}, is: maintenance.ErrSkipped},
		"a day that never was": {
			rows: rows{{"Pacific/Apia", "2011-12-30T12:00"}}, is: maintenance.ErrSkipped,
		},
		"two against two": {
			rows: rows{{"America/Lima", "2024-07-27T23:00"}, {"America/Sao_Paulo", "2024-07-28T02:00"}},
			want: "rows[0]: America/Lima 2024-07-27T23:00: is another instant than the other rows: it is 2024-07-28T04:00:00Z, and no instant has most rows\n" +
				"rows[1]: America/Sao_Paulo 2024-07-28T02:00: is another instant than the other rows: it is 2024-07-28T05:00:00Z, and no instant has most rows",
		},
		"all faults at once": {
			rows: rows{{"America/Santigo", "2024-07-28T00:00"}, {"", "2024-07-28T00:00"}, {"Local", "2024-07-28T00:00"}, {"../UTC", "2024-07-28T00:00"}, {"UTC", "2024-07-28T25:00"}, {"UTC", "2024-07-28T04:00Z"}, {"UTC", ""}},
			want: "rows[0].zone: America/Santigo 2024-07-28T00:00: not a zone of this system's database (programs can import time/tzdata): unknown time zone America/Santigo\n" +
				"rows[1].zone:  2024-07-28T00:00: not a zone of this system's database (programs can import time/tzdata)\n" +
				"rows[2].zone: Local 2024-07-28T00:00: not a zone of this system's database (programs can import time/tzdata)\n" +
				"rows[3].zone: ../UTC 2024-07-28T00:00: not a zone of this system's database (programs can import time/tzdata): time: invalid location name\n" +
				"rows[4].local: UTC 2024-07-28T25:00: want a time such as 2024-07-28T01:00, without zone or offset\n" +
				"rows[5].local: UTC 2024-07-28T04:00Z: want a time such as 2024-07-28T01:00, without zone or offset\n" +
				"rows[6].local: UTC : want a time such as 2024-07-28T01:00, without zone or offset",
			is: maintenance.ErrZone,
		},
		"no rows":     {want: "rows: are missing"},
		"no length":   {rows: rows{{"UTC", "2024-07-28T04:00"}}, length: -1, want: "length: -1ns, want more than 0"},
		"long":        {rows: rows{{"UTC", "2024-07-28T04:00"}}, length: 48*time.Hour + 1, want: "length: 48h0m0.000000001s, the most is 48h0m0s"},
		"ancient":     {rows: rows{{"UTC", "1024-07-28T04:00"}}, want: "rows: start: year 1024, want 1970 to 9998"},
		"just enough": {rows: rows{{"UTC", "2024-07-28T04:00"}}, length: 48 * time.Hour, start: "2024-07-28T04:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.length == 0 {
				c.length = 4 * time.Hour
			}
			w, err := maintenance.Resolve("", c.rows, c.length)
			if c.start != "" {
				require.NoError(t, err)
				require.Equal(t, at(c.start), w.Start)
				require.Equal(t, c.length, w.End.Sub(w.Start))
				return
			}
			if c.want != "" {
				require.EqualError(t, err, c.want)
			}
			if c.is != nil {
				require.ErrorIs(t, err, c.is)
			}
			require.Error(t, err)
		})
	}
}
