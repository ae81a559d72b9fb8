package marketplace

import "fmt"

// String hides the token and the keys.
func (c Config) String() string {
	const hidden = "[hidden]"
	if c.Token != "" {
		c.Token = hidden
	}
	c.Keys = nil
	type plain Config
	return fmt.Sprintf("%+v", plain(c))
}

// GoString hides them from %#v.
func (c Config) GoString() string { return c.String() }
