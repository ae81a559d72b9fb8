package redact_test

import (
	"fmt"

	"github.com/anymarket-go/sdk/internal/redact"
)

func Example() {
	masked, ok := redact.JSON([]byte(`{"marketPlaceId":"M-1","total":10,"buyer":{"name":"Ana","documentType":"CPF"}}`))
	fmt.Println(string(masked), ok)
	// Output: {"marketPlaceId":"M-1","total":10,"buyer":{"name":"***","documentType":"CPF"}} true
}
