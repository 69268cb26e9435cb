// Package jitter is adaptive playout: a jitter buffer with a target learnt from
// the arrival delays, concealment, forward error correction, and time
// stretching without change of pitch.
//
// A Buffer belongs to one goroutine. Put stores a packet, Get fills the next
// 10 ms; neither allocates.
package jitter
