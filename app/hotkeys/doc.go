// Package hotkeys takes Ctrl Shift A and Ctrl Shift D from all windows while a
// call comes in, where the system gives keys to a program: by the GlobalShortcuts
// portal on Wayland, where the user is asked once and may choose other keys, and
// by RegisterHotKey on Windows. The X server's are taken by the window, which
// speaks to it anyway. macOS gives them by Carbon alone, which takes a C compiler
// for macOS: there is nothing here for it. On Linux the play key of keyboards and
// headsets answers, too, and the stop key declines (MPRIS).
package hotkeys

// Words are what the user reads where keys are chosen, in their language.
type Words struct{ Answer, Decline string }
