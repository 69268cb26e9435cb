// Command interop makes the phone call software that others wrote, and be
// called by it, and prints a table of what works.
//
// The peers come from Debian (packaging/deps.sh interop) and npm; each runs on
// loopback, on ports of its own and in a temporary folder. The phone is driven
// as its users' scripts do, by `offhook ctl`, and its sound is a tone that is
// looked for at the other end, in both directions.
//
// A row passes, fails with a reason, or is "not here" where a peer is not
// installed. The table is written into docs/interop.md.
package main
