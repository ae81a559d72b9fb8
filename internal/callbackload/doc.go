// Command callbackload puts load on a receiver of callbacks whose handlers hang,
// kills it, and counts what is left.
//
// It starts itself a second time as the receiver, with the defaults of package
// callback, and posts notifications through loopback at a fixed rate, whether the
// earlier ones were answered or not. Latency counts from the moment at which a
// notification was due. At the end it goes on posting, sends SIGKILL, opens the
// inbox, and looks for each notification that was ever answered 200.
//
// It prints what it measured and ends with status 1 if a bound was broken.
package main
