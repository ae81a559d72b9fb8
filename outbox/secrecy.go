package outbox

import "fmt"

// String hides the keys.
func (o Options) String() string {
	o.Keys = nil
	type plain Options
	return fmt.Sprintf("%+v", plain(o))
}

// GoString hides them from %#v.
func (o Options) GoString() string { return o.String() }
