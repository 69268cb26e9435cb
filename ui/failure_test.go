package ui

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"offhook/assets/lang"
	"offhook/ui/theme"
	"offhook/ui/words"
	"offhook/voice/fault"
)

// failed is the window of a failure without a display.
type failed struct {
	harness
	page   *failurePage
	copied string
	closed int
}

func newFailed(t *testing.T, f Failure, mode theme.Mode, language string) *failed {
	t.Helper()
	theaterIn(mode)
	s := &failed{harness: harness{t: t, shell: &shell{}}}
	s.page = newFailurePage(f, words.New(language), func(text string) { s.copied = text }, func() { s.closed++ })
	s.win = test.NewTempWindow(t, s.page.object)
	s.win.SetPadded(false)
	s.win.Resize(fyne.NewSize(failureWidth, failureHeight))
	s.page.bindKeys(s.win.Canvas())
	return s
}

func madeFailure() Failure {
	return Failure{Message: lang.Of("program.folder-unusable"), Next: lang.Of("program.folder-unusable.next"), Code: string(fault.InternalError),
		Detail: "mkdir /srv/phones/default: permission denied"}
}

// Why there is no phone, in both themes and all languages.
func TestFailurePictures(t *testing.T) {
	for _, mode := range []theme.Mode{theme.Light, theme.Dark} {
		for _, language := range lang.Languages() {
			t.Run(string(mode)+"/"+language, func(t *testing.T) {
				s := newFailed(t, madeFailure(), mode, language)
				for _, text := range cutTexts(&s.harness) {
					t.Errorf("there is no room for %s", text)
				}
				if language == lang.Base { // the others differ in nothing but text
					s.matchPicture("failure-" + string(mode))
				}
			})
		}
	}
}

// What is copied is what a colleague needs to be told, in English whatever the
// language of the window, and the window says that it was copied.
func TestFailureIsCopied(t *testing.T) {
	s := newFailed(t, madeFailure(), theme.Light, "es")
	test.Tap(s.page.Copy)
	want := "The profile's folder can't be used. Choose another with --config-dir. [INTERNAL_ERROR]\nmkdir /srv/phones/default: permission denied"
	if s.copied != want || s.page.Copy.Text() != "Copiado" {
		t.Errorf("copied is %q, and the button says %q", s.copied, s.page.Copy.Text())
	}
}

// The window is worked by keys alone: Close has the keyboard at first, Tab comes to
// Copy, and Esc closes from everywhere.
func TestFailureByKeyboard(t *testing.T) {
	s := newFailed(t, madeFailure(), theme.Light, lang.Base)
	cv := s.win.Canvas()
	if cv.Focused() != fyne.Focusable(s.page.Close) {
		t.Fatalf("the keyboard is with %v", cv.Focused())
	}
	s.press(fyne.KeyReturn)
	if s.closed != 1 {
		t.Errorf("Return closed the window %d times", s.closed)
	}
	cv.FocusNext()
	if cv.Focused() != fyne.Focusable(s.page.Copy) {
		t.Fatalf("Tab goes to %v", cv.Focused())
	}
	s.press(fyne.KeySpace)
	if s.copied == "" {
		t.Error("the space bar copies nothing")
	}
	s.press(fyne.KeyEscape)
	if s.closed != 2 {
		t.Errorf("Esc closed the window %d times", s.closed-1)
	}
}

// A failure that has neither a next step nor a detail has no room for them.
func TestFailureOfOneSentence(t *testing.T) {
	s := newFailed(t, Failure{Message: lang.Literal("The phone ended."), Code: "NOT_RUNNING"}, theme.Light, lang.Base)
	if !s.shows("The phone ended.") || !s.shows("NOT_RUNNING") {
		t.Error("the sentence or the code is not shown")
	}
	if got := s.page.failure.Text(); got != "The phone ended. [NOT_RUNNING]" {
		t.Errorf("as text it is %q", got)
	}
}
