// Package verdict says what an answer of ANYMARKET proves: the table by answer
// and class of call, the same for both of its APIs.
package verdict
