// Package timerslack lets the system gather the timers of a program that
// imports it: on Linux a sleep may last up to five milliseconds longer than
// asked.
//
// In a call the Go runtime's monitor sleeps for 20 µs over and over, since
// the threads of the sound devices enter and leave Go 200 times a second. With
// the usual slack of 50 µs that alone takes 3 to 6 % of a core, with a millisecond
// 1.3 %, with five 0.4 %. What sound waits for is no timer: devices
// and sockets wake their threads themselves.
package timerslack
