// Package measure times rounds of work by several producers at once: how much
// they got done, how long each operation took, and what CPU the process used.
package measure
