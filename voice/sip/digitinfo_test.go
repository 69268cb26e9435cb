package sip

import (
	"strings"
	"testing"
)

func TestDigitOfAnInfo(t *testing.T) {
	t.Parallel()
	for in, want := range map[[2]string]rune{
		{"application/dtmf-relay", "Signal=5\r\nDuration=240\r\n"}: '5',
		{"Application/DTMF-Relay; x=y", "signal = #\nDuration=1"}:  '#',
		{"application/dtmf-relay", "Signal=10"}:                    '*',
		{"application/dtmf-relay", "Signal=11"}:                    '#',
		{"application/dtmf-relay", "Signal=a"}:                     'A',
		{"application/dtmf", "7"}:                                  '7',
		{"application/dtmf-relay", "Signal=E"}:                     0,
		{"application/dtmf-relay", "Signal=12"}:                    0,
		{"application/dtmf-relay", ""}:                             0,
		{"application/dtmf", ""}:                                   0,
		{"text/plain", "Signal=5"}:                                 0,
		{"", "5"}:                                                  0,
		{"application/dtmf", strings.Repeat("1", 1<<16)}:           0,
		{"application/dtmf-relay", "Signal=\x00"}:                  0,
	} {
		got, ok := (Informed{ContentType: in[0], Body: in[1]}).Digit()
		if got != want || ok != (want != 0) {
			t.Errorf("%q: %q %v", in, got, ok)
		}
	}
}
