package timerslack

/*
#include <sys/prctl.h>

// A thread hands its slack on to those that it starts, so it has to be set
// before the Go runtime starts its monitor: by a constructor.
__attribute__((constructor)) static void gather_timers(void) {
	prctl(PR_SET_TIMERSLACK, 5000000UL, 0UL, 0UL, 0UL);
}
*/
import "C"
