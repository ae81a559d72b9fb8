package report_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails if a goroutine of any test is left at the end.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
