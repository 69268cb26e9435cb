package subscriber

import (
	"strings"
	"testing"

	"offhook/voice/fault"
)

func TestExophone(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"sip:08040408080":       "08040408080",
		"SIP:08040408080":       "08040408080",
		" 08040408080 ":         "08040408080",
		"+918040408080":         "+918040408080",
		"bob":                   "bob",
		"08-040408080":          "08-040408080",
		"*97#":                  "*97#",
		"":                      "",
		"sip:":                  "",
		"+":                     "",
		"12+34":                 "",
		"bob@evil.example":      "",
		"bob;transport=tcp":     "",
		"bob?Subject=x":         "",
		"b\r\nob":               "",
		"böb":                   "",
		"a b":                   "",
		strings.Repeat("1", 65): "",
		"<sip:08040408080>":     "",
		"sip:sip:1":             "",
		"0804\x00":              "",
		"javascript:alert(1)":   "",
	} {
		got, err := parseExophone(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q %v", in, got, err)
		}
		if err != nil && fault.TypeOf(err) != fault.InvalidDialInfo {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{
		"":                        true,
		"test:1234":               true,
		"order:12, {a}(b)[c]":     true,
		"hello!":                  false,
		"a-b":                     false,
		"a\nb":                    false,
		"é":                       false,
		strings.Repeat("a", 1025): false,
	} {
		if got := MessageAllowed(in); got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
}
