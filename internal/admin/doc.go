// Package admin shows an outbox and operates it, in the process that holds it,
// from another one, or in any language.
//
// # The socket
//
// A process that opens it ([Open]) has a Unix socket at
// <outbox>.sock. Where that path is longer than 103 bytes, or the file system has
// no sockets, a symbolic link there leads to a socket in a folder of its own among
// the temporary files. Both are the user's alone, mode 0600, and go when the
// process ends; what a killed one leaves behind is dead, and the next one replaces
// it. [Dial] connects, and takes from a symbolic link only what the outbox's owner
// or root made. There are no sockets on Windows.
//
// Where nobody holds the file, its opener uses the same handler without a socket:
// [Local].
//
// # The protocol
//
// It is HTTP/1.1. Bodies are JSON; lists are a JSON value a line, which come as
// they are found, oldest first. All paths begin with /v1.
//
//	GET  /status                the sums, gates, pauses and alarms         Status
//	GET  /entries               what waits, then the dead letters          Entry, a line each
//	     ?state=                only those: waiting, parked, dead; or what is in doubt: doubt
//	     ?account= ?kind= ?key= only those; a kind has its forms with it, order.status.id with order.status
//	     ?limit=                so many at most
//	     ?full=true             bodies as they are stored
//	GET  /entries/{id}          an entry and its history                   Details
//	     ?full=true             with the body as it is stored
//	GET  /entries/{id}/why      why it stands where it stands              Why
//	PUT  /entries/{id}/body     replaces the body that is sent along       {"id":"…"}, the entry that goes on
//	POST /entries/{id}/requeue  tries it again
//	POST /entries/{id}/discard  takes it out; {"reason":"…"}
//	POST /pause                 {"account":"…","reason":"…"}, or {"all":true}
//	POST /resume                {"account":"…"}, or {"all":true}
//	POST /readdress             {"account":"…","family":"…"}: its next entry names targets anew
//	POST /erase                 removes what is held of a creation; Lane    Erased
//	POST /reseal                seals all bodies with the first key of the process
//	POST /check                 verifies the file; nothing is stored meanwhile
//	GET  /history               all events                                 Event, a line each
//	GET  /lives                 all entries and their histories            Details, a line each
//	POST /operations            stores operations, a JSON object a line    Accepted, a line each
//	     ?strict=true           but not those that ANYMARKET may refuse
//	POST /resend                sends values of a range again; Resend      Resent, a line now and then
//	POST /campaigns             what a window concerns; CampaignQuery      Campaign, a line each
//	POST /recheck               compares orders; Recheck, then KnownOrder  RecheckNews, a line each
//	POST /reload                loads stock; Reload, then Row              ReloadNews, a line each
//	POST /repush                sends a lost order again; Repush           Accepted
//
// For instance:
//
//	curl --unix-socket shop.db.sock http://outbox/v1/status
//	curl --unix-socket shop.db.sock http://outbox/v1/operations \
//	     --data-binary '{"op":"stock.set","partnerId":"SKU-1","quantity":"7"}'
//
// What has no answer is answered with 204 and no body. A body that is JSON is
// shown as member body; one that is not is shown in full only, as body_base64. The
// data of buyers is masked ([redact.JSON]) unless full is asked for. A /history
// has bodies of values only, and they are always masked.
//
// An answer of /operations has as many lines as the request, in the same order,
// empty ones included: {"id":"…"} with warnings if there are any and duplicate if
// it was known, or {"error":"…","code":"…","field":"…"}. A line is at most
// [MaxLine] bytes, and all of them at most 4 MiB. The answer begins when all is
// durable. If it does not come, nothing is known of the operations: values and
// creations can be handed over again, a step may be stored twice then.
//
// The bodies of /recheck and /reload are lines: first what is to be done, then the
// orders or rows, which are taken as they are wanted while the answer goes. The
// answers of these, of /resend and of /campaigns have an empty line now and then,
// which says that it goes on; the last sums are the result. Whoever stops reading
// ends the work. /recheck and /reload go on where they were when they come again
// with the same name. What a process does not do, one that delivers by the API for
// marketplaces for instance, is unsupported.
//
// # Errors
//
// An error is {"error":{"code":"…","message":"…"}}, with field if one member is to
// blame. It is the body of an answer whose status is 400 or more, or a line of a
// list that goes on behind it if it can. A list that ends without the end of its
// body, which HTTP tells, is not whole.
//
//	not_found    404  no such entry, or its history is past retention
//	state        409  the entry's state does not allow it
//	invalid      400  the request or operation cannot be right
//	conflict     409  the same creation was accepted with other content
//	addressing   409  the account names its targets another way
//	too_large    413  more than a request or line may have
//	full         507  no room; nothing was stored
//	closed       503  the outbox is closing; nothing was done
//	unknown      500  a commit failed: whether it was done is not known
//	format       500  the file is damaged; the message says where
//	unsupported  501  there is no such path, or nobody delivers operations here
//	internal     500  anything else
package admin
