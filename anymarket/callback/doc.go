// Package callback receives the notifications that ANYMARKET posts when
// something changes, brings those that it gave up posting, and guards their
// registration.
//
// # Receiver
//
// A [Receiver] is an [http.Handler]. It answers 200 once the notification is on
// disk, in well under a second whatever the program's own function does, so that
// ANYMARKET never has a reason to give up on it, and it never turns itself off.
// From the disk notifications are handed to the function, with retries:
//
//	r, err := callback.Open(callback.Config{
//		Inbox:    "callbacks.db",
//		Secrets:  []string{os.Getenv("CALLBACK_SECRET")}, // https://erp.example/anymarket/<secret>
//		Accounts: map[string]string{"999999.": "shop"},
//		Handle: func(ctx context.Context, n callback.Notification) error {
//			order, err := client.For(n.Account).Orders.Get(ctx, n.ResourceID())
//			...
//		},
//	})
//	...
//	defer r.Close()
//	go r.Run(ctx) // hands notifications over until ctx ends
//	server := &http.Server{Addr: ":8080", Handler: r, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
//
// End the server first, then the receiver.
//
// # What is promised
//
//   - What was answered 200 is handed over, also after a crash: at least once.
//   - Notifications of one resource are handed over one at a time. One that comes
//     meanwhile waits, and the function is called again after it.
//   - A notification is merged into another of the same resource only as long as
//     the function has not succeeded with that one; see [Notification].
//   - A function that fails is asked again, after pauses from a second to five
//     minutes. As long as it fails at everything, or because ANYMARKET cannot be
//     reached, that costs no notification anything; one that it fails at while it
//     takes others becomes a dead letter after Config.MaxAttempts, and one that it
//     rejects ([ErrRejected]) at once. A newer notification of that resource takes
//     a dead letter's place. [Receiver.Inbox] shows, requeues and discards them.
//   - Notifications of unknown types are handed over like the others, and logged.
//
// Notifications carry no data and no signature: the function reads the resource
// through the API, and what it finds there is what counts. Whoever knows the
// secret can make it read something, and nothing else.
//
// # What is refused
//
// Each [Refusal] has its status and is counted in [Receiver.Stats]; nothing of it
// is stored. A replayed notification is answered 200, since nothing tells it from
// ANYMARKET's own repetition: it is merged, or handed over once more.
//
// # Sweeper
//
// What ANYMARKET gave up telling after three attempts, and what changed while nothing
// was registered, is in its feeds for thirty days. A [Sweeper] brings it to the
// receiver's inbox when it begins, which is after a downtime of the program, now and
// then, and when it is woken: after a window, or when a guardian registered something
// again. During a window it tries every minute. What it brings is on disk like what was
// posted, and only then is it acknowledged, if SweeperConfig.Acknowledge says so.
//
// A feed has one list of entries for all who read it. Where a program hands orders
// over by the order feed of package anymarket, that one reads it all the time: leave
// TypeOrder out of the sweeper's types, or at least do not acknowledge.
//
// # Guardian
//
// A [Guardian] remembers which callbacks an account has registered, compares
// after a window, now and then, or on demand, and warns or repairs. It never
// registers an address twice: not while the list cannot be read, not after an
// attempt of unknown outcome, not together with another process. What it found and
// did is in [Guardian.History].
//
// It reads and writes through a [Registry], such as the callbacks of package api.
// One that goes through the gate of a client keeps it quiet in a maintenance.
//
// # Reading the source
//
// receiver.go is the way in, notification.go what is stored and how it is merged,
// handle.go the way out, refusal.go what is turned away. sweeper.go and sweep.go
// bring what is in the feeds, by store.go. guardian.go is the life
// of the guardian, compare.go what it finds, repair.go what it does about that,
// memory.go what it remembers.
package callback
