module github.com/anymarket-go/sdk/internal/crash

go 1.25.0

require (
	github.com/anymarket-go/sdk v0.0.0
	golang.org/x/sys v0.46.0
)

require (
	github.com/cenkalti/backoff/v4 v4.3.0 // indirect
	github.com/shopspring/decimal v1.6.0 // indirect
	github.com/sony/gobreaker v1.0.0 // indirect
	go.etcd.io/bbolt v1.5.0 // indirect
	golang.org/x/time v0.15.0 // indirect
)

replace github.com/anymarket-go/sdk => ../..
