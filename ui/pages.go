package ui

import (
	"offhook/ui/screen"
	"offhook/ui/widget"
)

// makePages makes the pages that cover the tabs.
func (s *shell) makePages() map[screen.Page]part {
	t := (*tasks)(s)
	return map[screen.Page]part{
		screen.PageSignIn:      screen.NewSignIn(s.env),
		screen.PageAudioCheck:  screen.NewAudioCheck(s.env, t),
		screen.PageSettings:    screen.NewSettings(s.env, t),
		screen.PageCalls:       screen.NewCalls(s.env, t),
		screen.PageNetwork:     screen.NewNetwork(s.env, t),
		screen.PageAppearance:  screen.NewAppearance(s.env, t),
		screen.PageLanguage:    screen.NewLanguage(s.env, t),
		screen.PageShortcuts:   screen.NewShortcuts(s.env),
		screen.PageAccount:     screen.NewAccount(s.env, t),
		screen.PageDiagnostics: screen.NewDiagnostics(s.env, t),
		screen.PageReport:      screen.NewReport(s.env, t),
		screen.PageStatistics:  screen.NewStatistics(s.env, t),
		screen.PageFeedback:    screen.NewFeedback(s.env),
	}
}

// applySettings applies what the user chose about the window.
func (s *shell) applySettings() {
	s.host.SetTheme(modeOf(s.settings.Appearance.Theme))
}

// setLanguage makes all screens anew in another language. What was typed into
// them is lost, so it is only done from the settings.
func (s *shell) setLanguage(language string) {
	s.words.Use(language)
	root, cv := s.root, s.canvas
	page, tab := s.page, s.tab
	if l, ok := s.shown.(interface{ Left() }); ok {
		l.Left()
	}
	s.closeMenu()
	s.build(&widget.Early{})
	s.complete()
	root.Objects = s.root.Objects
	s.root = root
	s.canvas, s.page = cv, page
	s.header.Tabs.Choose(tab)
	if s.snap != nil {
		s.render(s.view())
	}
	root.Refresh()
}
