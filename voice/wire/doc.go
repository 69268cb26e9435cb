// Package wire holds every word that a phone and its platform share: headers,
// the words of X-End-Reason, the claims of a call's payload, the profile, the
// frames of the push socket and the bodies of the HTTP interfaces. Both sides
// import it, so that each word is declared once; docs/architecture.md, "Wire",
// describes them for those who write another platform.
package wire
