package ui

import "github.com/go-gl/glfw/v3.4/glfw"

// focusOnShow tells GLFW whether the windows that are made next take the keyboard
// when they are shown; restore brings the usual back.
func focusOnShow(on bool) (restore func()) {
	value := glfw.False
	if on {
		value = glfw.True
	}
	glfw.WindowHint(glfw.FocusOnShow, value)
	return func() { glfw.WindowHint(glfw.FocusOnShow, glfw.True) }
}

// nameClass tells the X server and Wayland what program the windows that are made
// next belong to: desktops find its icon and group its windows by that, whatever
// their titles say.
func nameClass() {
	glfw.WindowHintString(glfw.X11ClassName, "Offhook")
	glfw.WindowHintString(glfw.X11InstanceName, "offhook")
	glfw.WindowHintString(glfw.WaylandAppID, "offhook")
}
