package sip

import (
	"testing"

	sipmsg "github.com/emiago/sipgo/sip"
)

func TestSaidBy(t *testing.T) {
	for _, tc := range []struct{ name, value, phrase, want string }{
		{"Warning", `304 pbx.lab.test "Media type not available"`, "Not Acceptable Here", "Media type not available"},
		{"Warning", `305 [::1]:5060 "Only \"PCMU\" is taken", 399 pbx "more"`, "X", `Only "PCMU" is taken`},
		{"Warning", `399 pbx`, "No Common Codec", "No Common Codec"},
		{"Warning", `399 pbx "`, "Odd", "Odd"},
		{"Reason", `Q.850;cause=88;text="Incompatible destination"`, "Not Acceptable Here", "Incompatible destination"},
		{"Reason", `SIP;cause=488`, "Not Acceptable Here", "Not Acceptable Here"},
		{"X-Other", `"nothing"`, " Busy Here ", "Busy Here"},
	} {
		res := sipmsg.NewResponse(488, tc.phrase)
		res.AppendHeader(sipmsg.NewHeader(tc.name, tc.value))
		if got := saidBy(res); got != tc.want {
			t.Errorf("%s: %s: %q, want %q", tc.name, tc.value, got, tc.want)
		}
	}
}
