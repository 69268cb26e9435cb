package onearena

/*
#include <malloc.h>

// The number has to be set before a second thread asks for memory: by a
// constructor.
__attribute__((constructor)) static void one_arena(void) {
#ifdef M_ARENA_MAX
	mallopt(M_ARENA_MAX, 1);
#endif
}
*/
import "C"
