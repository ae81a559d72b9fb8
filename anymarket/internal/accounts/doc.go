// Package accounts keeps a plain client for each account that is used, and ends
// the suspension of those that got another token.
package accounts
