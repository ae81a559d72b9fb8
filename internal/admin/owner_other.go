//go:build !unix

package admin

import "errors"

// sameOwner is not asked where [Listen] opens nothing.
func sameOwner(string, string) error { return errors.ErrUnsupported }
