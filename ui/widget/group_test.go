package widget

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

// A group is one stop of the Tab key; arrows move in it, over what can't be pressed.
func TestAGroupIsOneStop(t *testing.T) {
	test.NewTempApp(t)
	pad := NewPad(KeyHeight, func(r rune) string { return string(r) }, func(rune) {})
	before, after := NewPill("before", "", Plain, HeightButton, nil), NewPill("after", "", Plain, HeightButton, nil)
	win := test.NewTempWindow(t, Column(before, pad.Container, after))
	cv := win.Canvas()
	name := func() string { return cv.Focused().(fyne.Accessible).AccessibilityLabel() }
	expect := func(what, want string) {
		t.Helper()
		if got := name(); got != want {
			t.Fatalf("%s leads to %q, want %q", what, got, want)
		}
	}
	key := func(k fyne.KeyName) { cv.Focused().TypedKey(&fyne.KeyEvent{Name: k}) }
	cv.FocusNext()
	cv.FocusNext()
	expect("Tab", "1")
	cv.FocusNext()
	expect("Tab out of the pad", "after")
	cv.FocusPrevious()
	expect("Tab back", "1")
	for _, step := range []struct {
		key  fyne.KeyName
		want string
	}{{fyne.KeyRight, "2"}, {fyne.KeyDown, "5"}, {fyne.KeyDown, "8"}, {fyne.KeyDown, "0"}, {fyne.KeyDown, "0"}, {fyne.KeyEnd, "#"}, {fyne.KeyRight, "#"}, {fyne.KeyHome, "1"}, {fyne.KeyLeft, "1"}} {
		key(step.key)
		expect(string(step.key), step.want)
	}
	pad.Keys[1].SetEnabled(false)
	key(fyne.KeyRight)
	expect("Right over a key that can't be pressed", "3")
	cv.FocusNext()
	cv.FocusPrevious()
	expect("Tab out and back", "3")
	pad.Keys[2].SetEnabled(false) // the one that had the keyboard last
	cv.Unfocus()
	cv.FocusNext()
	cv.FocusNext()
	expect("Tab into a pad whose last key can't be pressed", "1")
	pad.Keys[8].Tapped(nil)
	expect("A press", "9")
}

// In a list, up and down lead from row to row, left and right to the buttons of one.
func TestAListIsOneStop(t *testing.T) {
	test.NewTempApp(t)
	row := func(name string, buttons ...string) fyne.CanvasObject {
		parts := []fyne.CanvasObject{NewText(name, Style{})}
		for _, b := range buttons {
			parts = append(parts, NewPill(name+" "+b, "", Plain, HeightButton, nil))
		}
		return NewTapRow(name, Row56, Row(parts...), nil)
	}
	rows := []fyne.CanvasObject{row("a", "star", "call"), row("b"), row("c", "star", "call")}
	GroupRows(rows...)
	after := NewPill("after", "", Plain, HeightButton, nil)
	win := test.NewTempWindow(t, Column(CardOf(rows...), after))
	cv := win.Canvas()
	cv.FocusNext()
	for _, step := range []struct {
		key  fyne.KeyName
		want string
	}{{fyne.KeyRight, "a star"}, {fyne.KeyRight, "a call"}, {fyne.KeyDown, "b"}, {fyne.KeyDown, "c"}, {fyne.KeyRight, "c star"}, {fyne.KeyDown, "c star"}, {fyne.KeyUp, "b"},
		{fyne.KeyEnd, "c call"}, {fyne.KeyHome, "a"}, {fyne.KeyUp, "a"}} {
		cv.Focused().TypedKey(&fyne.KeyEvent{Name: step.key})
		if got := cv.Focused().(fyne.Accessible).AccessibilityLabel(); got != step.want {
			t.Fatalf("%s leads to %q, want %q", step.key, got, step.want)
		}
	}
	cv.FocusNext()
	if got := cv.Focused().(fyne.Accessible).AccessibilityLabel(); got != "after" {
		t.Errorf("Tab out of the list leads to %q", got)
	}
}
