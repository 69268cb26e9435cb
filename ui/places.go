package ui

import "github.com/go-gl/glfw/v3.4/glfw"

// area is a rectangle of the screen, in pixels.
type area struct{ x, y, w, h int }

func (a area) holds(x, y int) bool { return x >= a.x && y >= a.y && x < a.x+a.w && y < a.y+a.h }

func (a area) cut(b area) area {
	x, y := max(a.x, b.x), max(a.y, b.y)
	return area{x, y, max(0, min(a.x+a.w, b.x+b.w)-x), max(0, min(a.y+a.h, b.y+b.h)-y)}
}

// workAreas are the parts of the screens that no bar covers, the first screen's
// first. There are none before the first window was made.
func workAreas() (list []area) {
	for _, m := range glfw.GetMonitors() {
		if x, y, w, h := m.GetWorkarea(); w > 0 && h > 0 {
			list = append(list, area{x, y, w, h})
		}
	}
	return list
}

// frameRoom is the room that a window's frame takes above and beside its content,
// in pixels: frames differ, and one that is too high hides the title alone.
const (
	frameTop  = 32
	frameSide = 2
)

// fit is the place and size next to a that can be seen whole on one of the screens,
// frame included. It prefers the screen that holds most of a; without screens it
// changes nothing.
func fit(a area, screens []area) area {
	if len(screens) == 0 {
		return a
	}
	best, most := screens[0], 0
	for _, s := range screens {
		if c := a.cut(s); c.w*c.h > most {
			best, most = s, c.w*c.h
		}
	}
	room := area{best.x + frameSide, best.y + frameTop, best.w - 2*frameSide, best.h - frameTop - frameSide}
	a.w, a.h = min(a.w, room.w), min(a.h, room.h)
	a.x = max(room.x, min(a.x, room.x+room.w-a.w))
	a.y = max(room.y, min(a.y, room.y+room.h-a.h))
	return a
}

// onScreens reports whether some of the screens show at least half of a.
func onScreens(a area, screens []area) bool {
	seen := 0
	for _, s := range screens {
		c := a.cut(s)
		seen += c.w * c.h
	}
	return 2*seen >= a.w*a.h && seen > 0
}

// corner is where a window of w × h pixels goes that stands in the lower right
// corner of the screen that holds x, y.
func corner(screens []area, x, y, w, h, margin int) (cx, cy int, ok bool) {
	if len(screens) == 0 {
		return 0, 0, false
	}
	active := screens[0]
	for _, s := range screens {
		if s.holds(x, y) {
			active = s
		}
	}
	return max(active.x, active.x+active.w-w-margin), max(active.y, active.y+active.h-h-margin), true
}
