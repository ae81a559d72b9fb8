// Marketplace makes the sales of a marketplace known to ANYMARKET: it is a
// program to start from.
//
//	go run ./examples/marketplace
//
// Without an app id in the environment it plays some seconds of trade against a
// fake ANYMARKET on this machine, with a maintenance in them, and says whether
// each sale is there once. For your own marketplace, one event a line:
//
//	ANYMARKET_APP_ID=… ANYMARKET_TOKEN_ANA=… go run ./examples/marketplace -outbox sales.db < events.ndjson
//
//	{"seller":"ana","sold":{"marketPlaceId":"S-1","status":"PAID","total":100,…}}
//	{"seller":"ana","sale":"S-1","shipped":{"shippedDate":"2024-07-28T10:00:00-03:00","number":"BR1","carrier":"Correios"}}
//
// It ends when the input has ended and all is delivered, or when it is
// interrupted; what was not delivered waits in the file for the next time. Lines
// may come again: a sale is made known once. ANYMARKET_BASE_URL is where the API
// for marketplaces is, if it is not the real one.
//
// event.go is what happens in your marketplace; put your own source of events in
// its place. follow.go hands them over. demo.go is for the demonstration alone.
package main
