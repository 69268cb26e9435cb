package demo

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"offhook/voice/wire"
	"strings"
	"testing"

	"github.com/pion/stun/v4"
)

// Who is not signed in learns where the media goes, and reaches it by UDP and TCP.
func TestThePublicConfiguration(t *testing.T) {
	t.Parallel()
	p := startPlatform(t, Config{ICEServers: []wire.ICEServer{{URLs: []string{"turn:turn.test:3478"}, Username: "somebody", Credential: "hidden"}}})
	resp, err := http.Get(p.URL() + "/v1/config")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		HTTPCode   int      `json:"http_code"`
		HostName   string   `json:"host_name"`
		Media      []string `json:"media"`
		ICEServers []string `json:"ice_servers"`
	}
	if err := json.Unmarshal(body, &config); err != nil || config.HTTPCode != 200 || config.HostName != p.URL()+"/v2" || len(config.Media) != 2 ||
		len(config.ICEServers) != 1 || strings.Contains(string(body), "hidden") || strings.Contains(string(body), "somebody") {
		t.Fatalf("%v %s", err, body)
	}
	for _, way := range config.Media {
		network, address, _ := strings.Cut(way, ":")
		conn, err := net.Dial(network, address)
		if err != nil {
			t.Fatal(err)
		}
		client, err := stun.NewClient(conn)
		if err != nil {
			t.Fatal(err)
		}
		var mapped stun.XORMappedAddress
		err = client.Do(stun.MustBuild(stun.TransactionID, stun.BindingRequest), func(e stun.Event) {
			if e.Error != nil {
				t.Errorf("%s: %v", way, e.Error)
			} else if err := mapped.GetFrom(e.Message); err != nil {
				t.Errorf("%s: %v", way, err)
			}
		})
		if err != nil || mapped.String() != conn.LocalAddr().String() {
			t.Errorf("%s: %v, I am %v and called %v", way, err, conn.LocalAddr(), mapped)
		}
		_ = client.Close()
	}
}
