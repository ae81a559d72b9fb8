// Erp keeps ANYMARKET in step with an ERP: it is a program to start from.
//
//	go run ./examples/erp
//
// Without a token in the environment it plays some seconds of trade against a
// fake ANYMARKET on this machine, with an announced maintenance in them, and
// says whether ANYMARKET has what the ERP has. For your own account:
//
//	ANYMARKET_TOKEN=… go run ./examples/erp -sheet stock.csv -outbox anymarket.db
//
// It runs until it is interrupted. ANYMARKET_TOKEN is the token of rows without
// an account, ANYMARKET_TOKEN_OUTLET that of rows of the account outlet.
// ANYMARKET_BASE_URL is where ANYMARKET is, if it is not the real one.
//
// sheet.go stands for the ERP: a CSV file that it exports now and then. Put your
// own tables there. follow.go is what keeps ANYMARKET in step, and what you keep.
// demo.go is for the demonstration alone.
package main
