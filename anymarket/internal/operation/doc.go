// Package operation reads operations, the lines by which programs in any
// language hand over what is to be delivered, and stores them. What operations
// there are is the clients' own.
package operation
