package diagnosis

import (
	"testing"

	"offhook/assets/lang"
)

// A phone with SIP accounts alone is judged by their registrations.
func TestTheDiagnosisOfSIPAccounts(t *testing.T) {
	t.Parallel()
	registered := Account{Address: "sip:100@pbx", Registered: true}
	refused := Account{Address: "sip:200@pbx", Why: lang.Literal("The server refuses the account."), Next: lang.Literal("Check the password.")}
	for name, row := range map[string]struct {
		accounts []Account
		status   Status
		text     string
	}{
		"none":       {nil, "", ""},
		"registered": {[]Account{registered}, Pass, "Registered: sip:100@pbx."},
		"two":        {[]Account{registered, registered}, Pass, "Registered: sip:100@pbx, sip:100@pbx."},
		"refused":    {[]Account{registered, refused}, Fail, "sip:200@pbx: The server refuses the account."},
		"waiting":    {[]Account{{Address: "sip:1@p"}}, Fail, "sip:1@p: It is not registered yet."},
	} {
		c, ok := ofAccounts(row.accounts)
		if ok != (row.status != "") || ok && (c.Status != row.status || c.Text.String() != row.text || c.Status == Fail && c.Remedy.Empty()) {
			t.Errorf("%s: %v %+v", name, ok, c)
		}
	}
}
