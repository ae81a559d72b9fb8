// Package engine is what the client of ERPs and that of marketplaces have in
// common: their settings, and the life of an outbox that runs, with a plain
// client for each account, tokens that are watched, and the admin socket.
package engine
