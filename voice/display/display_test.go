package display

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestNames(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]string{
		"Priya Nair": "Priya Nair", "  Priya \t Nair\n": "Priya Nair", "": "", " \u200b\ufeff ": "",
		"प्रिया नायर": "प्रिया नायर", "محمد عبد الله": "محمد عبد الله", "王小明（客服）": "王小明（客服）", "ქეთი": "ქეთი",
		"\u202e+12125551234 knaB": "+12125551234 knaB", "A\u2066B\u2069C\u200eD\u200fE\u061cF": "ABCDEF",
		"line one\nline two": "line one line two", "bell\a\x00\x1b[31mred\x7f\u0085next": "bell[31mred next",
		"👩🏽\u200d⚕️ Zoë 🇫🇷": "👩🏽\u200d⚕️ Zoë 🇫🇷", "क\u200dष": "क\u200dष", "می\u200cخواهم": "می\u200cخواهم", "\u200dA\u200d": "A",
		"bad\xffbytes": "bad\ufffdbytes", "soft\u00adhyphen": "softhyphen", "private\ue000use": "privateuse",
		"Z" + strings.Repeat("\u0351", 20) + "a": "Z" + strings.Repeat("\u0351", 20) + "a", "Z" + strings.Repeat("\u0351", 200) + "a": "Z" + strings.Repeat("\u0351", maxMarks) + "a",
	} {
		if got := Name(from); got != want {
			t.Errorf("%q is shown as %q, want %q", from, got, want)
		}
	}
	if got := Name(strings.Repeat("ह", 5000)); utf8.RuneCountInString(got) != maxName+1 || !strings.HasSuffix(got, "…") {
		t.Errorf("a long name has %d runes", utf8.RuneCountInString(got))
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]string{
		"line one\nline two": "line one\nline two", "one\r\ntwo\rthree\u2028four": "one\ntwo\nthree\nfour", "a\n\n\n\n\nb": "a\n\nb",
		"\n\n  a  \n ": "a", "مرحبا، رقم 123": "مرحبا، رقم 123", "x\u202ey": "xy", "tab\there": "tab here",
	} {
		if got := Message(from); got != want {
			t.Errorf("%q is shown as %q, want %q", from, got, want)
		}
	}
	if got := Message(strings.Repeat("word ", 1<<20)); utf8.RuneCountInString(got) > maxMessage+1 {
		t.Errorf("a long message has %d runes", utf8.RuneCountInString(got))
	}
}

func FuzzShown(f *testing.F) {
	for _, s := range []string{"Priya", "\u202eabc", "क\u200dष", "a\r\nb", "\xff\xfe", "👩🏽\u200d⚕️"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for name, got := range map[string]string{"name": Name(text), "message": Message(text)} {
			if !utf8.ValidString(got) {
				t.Fatalf("the %s %q is no text", name, got)
			}
			for _, r := range got {
				if r != '\n' && unicode.IsControl(r) || r != zwj && r != zwnj && unicode.Is(unicode.Cf, r) || name == "name" && r == '\n' {
					t.Fatalf("the %s %q holds %U", name, got, r)
				}
			}
			if again := map[string]func(string) string{"name": Name, "message": Message}[name](got); again != got && !strings.HasSuffix(got, "…") {
				t.Fatalf("the %s %q becomes %q", name, got, again)
			}
		}
	})
}
