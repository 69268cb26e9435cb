package cleartext

import (
	"testing"

	"offhook/voice/fault"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		scheme, host string
		exposed      bool
	}{
		{"https", "voice.example.com", false}, {"WSS", "voice.example.com", false}, {"tls", "192.0.2.1", false},
		{"http", "voice.example.com", true}, {"ws", "192.0.2.1", true}, {"udp", "pbx", true}, {"TCP", "10.0.0.1", true},
		{"http", "127.0.0.1", false}, {"http", "127.1.2.3", false}, {"ws", "::1", false}, {"udp", "localhost", false}, {"udp", "LocalHost", false},
		{"http", "localhost.example.com", true}, {"http", "127.0.0.1.example.com", true}, {"http", "0.0.0.0", true}, {"http", "", true},
		{"", "voice.example.com", true}, {"httpss", "voice.example.com", true}, {"http", "::ffff:127.0.0.1", false}, {"http", "2130706433", true},
	} {
		if got := Exposed(row.scheme, row.host); got != row.exposed {
			t.Errorf("%s to %s: exposed %v", row.scheme, row.host, got)
		}
		err := Check(row.scheme, row.host, false)
		if (err != nil) != row.exposed || err != nil && (fault.TypeOf(err) != fault.ConfigurationInvalid || fault.From(err).Code != Code) {
			t.Errorf("%s to %s: %v", row.scheme, row.host, err)
		}
		if err := Check(row.scheme, row.host, true); err != nil {
			t.Errorf("%s to %s, allowed: %v", row.scheme, row.host, err)
		}
	}
}
