package ui

import (
	"offhook/ui/screen"
	"offhook/ui/widget"
)

// makePages makes the pages that cover the tabs.
func (s *shell) makePages() map[screen.Page]part {
	accounts, account := screen.NewAccounts(s.env)
	return map[screen.Page]part{
		screen.PageSignIn:      screen.NewSignIn(s.env),
		screen.PageAudioCheck:  screen.NewAudioCheck(s.env),
		screen.PageSettings:    screen.NewSettings(s.env),
		screen.PageAccounts:    accounts,
		screen.PageTransfer:    screen.NewTransfer(s.env),
		screen.PageSIPAccount:  account,
		screen.PageCalls:       screen.NewCalls(s.env),
		screen.PageNetwork:     screen.NewNetwork(s.env),
		screen.PageAppearance:  screen.NewAppearance(s.env),
		screen.PageLanguage:    screen.NewLanguage(s.env),
		screen.PageDesk:        screen.NewDesk(s.env),
		screen.PageShortcuts:   screen.NewShortcuts(s.env),
		screen.PageAccount:     screen.NewAccount(s.env),
		screen.PageDiagnostics: screen.NewDiagnostics(s.env),
		screen.PageReport:      screen.NewReport(s.env),
		screen.PageStatistics:  screen.NewStatistics(s.env),
		screen.PageFeedback:    screen.NewFeedback(s.env),
	}
}

// applySettings applies what the user chose about the window.
func (s *shell) applySettings() {
	s.host.SetTheme(modeOf(s.settings.Appearance.Theme))
	s.bindCommands()
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
