// Package onearena has the C library of a program that imports it keep all its
// memory in one arena: on Linux with glibc, nowhere else.
//
// Sound devices are opened and closed by threads of their own, and glibc gives
// each new thread another arena, up to eight for each core, whose free pieces no
// other thread gets: a phone grew by 20 KB with every headset that was plugged in
// or pulled out (make soak), and had 4 MB more than with one arena after a
// hundred. What is small and often asked for comes from a thread's own cache and
// takes no lock, and the phone's own part of the sound's way asks for nothing.
package onearena
