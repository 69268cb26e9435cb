package ui

import "offhook/ui/screen"

// makePages makes the pages that cover the tabs.
func (s *shell) makePages() map[screen.Page]part {
	return map[screen.Page]part{
		screen.PageSignIn: screen.NewSignIn(s.env),
	}
}

// applySettings applies what the user chose about the window.
func (s *shell) applySettings() {
	s.host.SetTheme(modeOf(s.settings.Appearance.Theme))
}
