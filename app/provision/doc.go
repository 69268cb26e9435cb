// Package provision reads what an administrator decided for a phone: its
// server, its account, its settings, and which of them the user can't change.
//
// A policy is one JSON object (Schema describes it). It comes from the
// command line, or from where the system keeps such things: a file under /etc
// or /Library, managed preferences on macOS, the registry on Windows. A policy
// may name a URL from which a newer one is fetched; the last one that was good
// is kept for starts without a network.
package provision
