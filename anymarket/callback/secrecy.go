package callback

import "fmt"

// String hides the secrets and the keys.
func (c Config) String() string {
	c.Secrets, c.Keys = nil, nil
	type plain Config
	return fmt.Sprintf("%+v", plain(c))
}

// GoString hides them from %#v.
func (c Config) GoString() string { return c.String() }
