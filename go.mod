module github.com/anymarket-go/sdk

go 1.25.0

require (
	github.com/cenkalti/backoff/v4 v4.3.0
	github.com/shopspring/decimal v1.6.0
	github.com/sony/gobreaker v1.0.0
	github.com/stretchr/testify v1.12.1
	go.etcd.io/bbolt v1.5.0
	golang.org/x/sys v0.46.0
	golang.org/x/time v0.15.0
)

require go.yaml.in/yaml/v3 v3.0.5 // indirect
