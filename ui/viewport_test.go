package ui

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/go-gl/glfw/v3.4/glfw"
)

// frames plays Fyne's loop: events first, then the newest move is applied, then
// what waits for the frame.
type frames struct {
	q       pointerQueue
	latched string
	at      string
	waiting []func() bool
	got     []string
}

func newFrames() *frames {
	f := &frames{at: "nowhere"}
	f.q.move = func(x, y float64) { f.latched = fmt.Sprint(x) }
	f.q.eachFrame = func(do func() bool) { f.waiting = append(f.waiting, do) }
	return f
}

// frame has the events of one frame: "m5" moves to 5, "d" and "u" press and release.
func (f *frames) frame(events ...string) {
	for _, e := range events {
		if x, ok := strings.CutPrefix(e, "m"); ok {
			var n float64
			fmt.Sscan(x, &n)
			f.q.moved(n, 0)
			continue
		}
		f.q.pressed(func() { f.got = append(f.got, e+"@"+f.at) })
	}
	if f.latched != "" {
		f.at, f.latched = f.latched, ""
	}
	waiting := f.waiting
	f.waiting = nil
	for _, do := range waiting {
		if do() {
			f.waiting = append(f.waiting, do)
		}
	}
}

func TestAPressLandsWhereThePointerIs(t *testing.T) {
	for name, tc := range map[string]struct {
		frames [][]string
		want   string
	}{
		"a press behind its move":             {[][]string{{"m1"}, {"m2", "d", "u"}}, "d@2 u@2"},
		"a press between two moves":           {[][]string{{"m1", "d", "m2", "u"}, {}, {}}, "d@1 u@2"},
		"presses at three places in a frame":  {[][]string{{"m1", "d", "u", "m2", "d", "u", "m3", "m4", "d", "u"}, {}, {}, {}}, "d@1 u@1 d@2 u@2 d@4 u@4"},
		"a press without a move":              {[][]string{{"m7"}, {}, {"d"}, {"u"}}, "d@7 u@7"},
		"moves that come while a press waits": {[][]string{{"m1", "d", "m2"}, {"m3", "u"}, {}, {}}, "d@1 u@3"},
	} {
		f := newFrames()
		for _, events := range tc.frames {
			f.frame(events...)
		}
		if got := strings.Join(f.got, " "); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

// However the events fall into frames, each press lands where it was made.
func TestPressesInAnyFrames(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		f := newFrames()
		var want []string
		at := "nowhere"
		for range 1 + rnd.IntN(40) {
			var events []string
			for range rnd.IntN(5) {
				if rnd.IntN(2) == 0 {
					at = fmt.Sprint(rnd.IntN(9))
					events = append(events, "m"+at)
				} else {
					events = append(events, "d")
					want = append(want, "d@"+at)
				}
			}
			f.frame(events...)
		}
		for range 200 {
			f.frame()
		}
		if !slices.Equal(f.got, want) {
			t.Fatalf("%v, want %v", f.got, want)
		}
		if len(f.q.waiting) > 0 || len(f.waiting) > 0 {
			t.Fatal("something still waits")
		}
	}
}

func TestWhichKeysRepeat(t *testing.T) {
	for k, want := range map[glfw.Key]bool{glfw.KeyA: true, glfw.Key5: true, glfw.KeyBackspace: true, glfw.KeyDown: true, glfw.KeyTab: true,
		glfw.KeyEnter: false, glfw.KeyKPEnter: false, glfw.KeySpace: false, glfw.KeyEscape: false, glfw.KeyF6: false} {
		if mayRepeat(k, 0) != want {
			t.Errorf("key %v repeats: %v", k, !want)
		}
	}
	for _, mods := range []glfw.ModifierKey{glfw.ModControl, glfw.ModAlt, glfw.ModSuper, glfw.ModControl | glfw.ModShift} {
		if mayRepeat(glfw.KeyM, mods) {
			t.Errorf("a shortcut with the modifiers %v repeats", mods)
		}
		if !mayRepeat(glfw.KeyLeft, mods) {
			t.Errorf("the cursor stops at modifiers %v", mods)
		}
	}
}

func TestDigitsByPlace(t *testing.T) {
	for k := glfw.Key0; k <= glfw.Key9; k++ {
		if d, ok := digitOf(k, 0); !ok || d != '0'+rune(k-glfw.Key0) {
			t.Errorf("key %v is %q, %v", k, d, ok)
		}
		for _, mods := range []glfw.ModifierKey{glfw.ModShift, glfw.ModControl, glfw.ModAlt, glfw.ModSuper} {
			if _, ok := digitOf(k, mods); ok {
				t.Errorf("key %v with %v is a digit by its place", k, mods)
			}
		}
	}
	for _, k := range []glfw.Key{glfw.KeyA, glfw.KeyKP1, glfw.KeyMinus, glfw.KeyF1} {
		if _, ok := digitOf(k, 0); ok {
			t.Errorf("key %v is a digit", k)
		}
	}
}

func TestAWindowIsPlacedWhereItIsSeen(t *testing.T) {
	one := []area{{0, 0, 1280, 720}}
	two := append(one, area{1280, 0, 1920, 1050})
	for name, tc := range map[string]struct {
		screens  []area
		at, want area
	}{
		"where it was":                {one, area{100, 80, 380, 600}, area{100, 80, 380, 600}},
		"above the screen":            {one, area{100, -500, 380, 600}, area{100, 32, 380, 600}},
		"below it":                    {one, area{100, 700, 380, 600}, area{100, 118, 380, 600}},
		"left of it":                  {one, area{-370, 40, 380, 600}, area{2, 40, 380, 600}},
		"far away":                    {one, area{90000, 90000, 380, 600}, area{898, 118, 380, 600}},
		"larger than the screen":      {one, area{0, 0, 2000, 1400}, area{2, 32, 1276, 686}},
		"on the second screen":        {two, area{1500, 300, 380, 600}, area{1500, 300, 380, 600}},
		"mostly on the second screen": {two, area{1200, 300, 380, 600}, area{1282, 300, 380, 600}},
		"without screens":             {nil, area{-5, -5, 380, 600}, area{-5, -5, 380, 600}},
	} {
		if got := fit(tc.at, tc.screens); got != tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}

// The panel of a second call stands above the bar or, at the top of a screen, below it.
func TestThePanelOverTheBar(t *testing.T) {
	two := []area{{0, 0, 1280, 720}, {1280, 0, 1920, 1050}}
	for bar, want := range map[area][2]int{
		{900, 600, 348, 72}: {900, 457}, {900, 100, 348, 72}: {900, 180}, {1500, 900, 348, 72}: {1500, 757}, {1500, -20, 348, 72}: {1500, 60},
	} {
		if x, y := stacked(bar, 135, 8, two); x != want[0] || y != want[1] {
			t.Errorf("over the bar at %v it stands at %d, %d", bar, x, y)
		}
	}
}

func TestTheCornerOfTheScreenWithThePointer(t *testing.T) {
	two := []area{{0, 0, 1280, 720}, {1280, 0, 1920, 1050}}
	if x, y, ok := corner(two, 1300, 500, 348, 72, 16); !ok || x != 2836 || y != 962 {
		t.Errorf("%d, %d, %v", x, y, ok)
	}
	if x, y, ok := corner(two, -7, -7, 348, 72, 16); !ok || x != 916 || y != 632 {
		t.Errorf("without a pointer: %d, %d, %v", x, y, ok)
	}
	if _, _, ok := corner(nil, 0, 0, 348, 72, 16); ok {
		t.Error("a corner of no screen")
	}
	for a, want := range map[area]bool{{100, 100, 348, 72}: true, {1200, 600, 348, 72}: true, {5000, 100, 348, 72}: false, {-300, 100, 348, 72}: false} {
		if onScreens(a, two) != want {
			t.Errorf("%v is seen: %v", a, !want)
		}
	}
}
