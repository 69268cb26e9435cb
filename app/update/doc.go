// Package update asks a configured address, at most once a day, whether there
// is a newer version of the phone. It only tells: it downloads and installs
// nothing.
//
// What is there is one JSON object, {"version": "1.2.3", "url": "https://…",
// "notes": "…"}: the newest version, where a person gets it, and what is new in
// a sentence or two. The request carries the phone's own version in its
// User-Agent and nothing about the user or the machine.
package update
