package ui

import "fyne.io/fyne/v2"

// stillApp is Fyne's app without Fyne's own animations. The one that would run is
// the fading of the text cursor: it draws the window many times a second all day,
// where nothing may move while the phone is idle.
type stillApp struct{ fyne.App }

// Settings are Fyne's, without animations.
func (a stillApp) Settings() fyne.Settings { return stillSettings{a.App.Settings()} }

type stillSettings struct{ fyne.Settings }

// ShowAnimations is false: the text cursor stands still.
func (stillSettings) ShowAnimations() bool { return false }
