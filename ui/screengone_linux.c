#include <dlfcn.h>

#include "_cgo_export.h"

// GLFW opens Xlib at run time, so that a phone on Wayland needs none; so does this.
void offhook_watch_screen(void) {
	typedef int (*handler)(void *);
	void *xlib = dlopen("libX11.so.6", RTLD_LAZY | RTLD_NOLOAD);
	if (!xlib)
		return;
	handler (*set)(handler) = (handler(*)(handler))dlsym(xlib, "XSetIOErrorHandler");
	if (set)
		set(offhookScreenGone);
}
