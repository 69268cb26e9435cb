// Package wake tells when the machine goes to sleep and when it has woken: on
// Linux by the word of systemd-logind, at once. Elsewhere, and without logind, a
// phone sees it by its wall clock, which jumps.
package wake
