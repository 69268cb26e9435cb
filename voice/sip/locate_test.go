package sip

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/voice/fault"
)

func itoa(n int) string { return strconv.Itoa(n) }

// zone is a Resolver made of two maps.
type zone struct {
	srv   map[string][]*net.SRV
	hosts map[string][]string
}

var errNoName = &net.DNSError{Err: "no such host", IsNotFound: true}

func (z zone) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
	if r := z.srv["_"+service+"._"+proto+"."+name]; r != nil {
		return name, r, nil
	}
	return "", nil, errNoName
}

func (z zone) LookupHost(_ context.Context, host string) ([]string, error) {
	if a := z.hosts[host]; a != nil {
		return a, nil
	}
	return nil, errNoName
}

func TestLocate(t *testing.T) {
	t.Parallel()
	z := zone{
		srv: map[string][]*net.SRV{
			"_sip._udp.pbx.example":  {{Target: "b.pbx.example.", Port: 5070, Priority: 20}, {Target: "a.pbx.example.", Port: 5062, Priority: 10}},
			"_sips._tcp.pbx.example": {{Target: "a.pbx.example.", Port: 5061, Priority: 10}, {Target: "gone.pbx.example.", Port: 5061, Priority: 5}},
			"_sip._tcp.pbx.example":  {{Target: "."}},
		},
		hosts: map[string][]string{
			"pbx.example": {"192.0.2.1"}, "a.pbx.example": {"192.0.2.2", "2001:db8::2"}, "b.pbx.example": {"192.0.2.3", "192.0.2.2"},
			"plain.example": {"192.0.2.9"},
		},
	}
	for _, tc := range []struct{ url, want string }{
		{"udp://pbx.example", "192.0.2.2:5062 [2001:db8::2]:5062 192.0.2.3:5070 192.0.2.2:5070"},
		{"tls://pbx.example", "192.0.2.2:5061 [2001:db8::2]:5061"}, // one target is gone
		{"tcp://pbx.example", ""},                    // the domain says that there is none
		{"tcp://plain.example", "192.0.2.9:5060"},    // no SRV record
		{"udp://pbx.example:5999", "192.0.2.1:5999"}, // a port: no SRV
		{"wss://pbx.example/sip", "192.0.2.1:443"},   // a WebSocket: no SRV
		{"udp://192.0.2.77", "192.0.2.77:5060"},
		{"tls://nowhere.example", ""},
	} {
		cfg := Config{URL: tc.url, Domain: "d", User: "u", Resolver: z, AllowClearText: true}
		at, err := cfg.check()
		if err != nil {
			t.Errorf("%s: %v", tc.url, err)
			continue
		}
		got, err := cfg.locate(t.Context(), at)
		if strings.Join(got, " ") != tc.want || (err != nil) != (tc.want == "") {
			t.Errorf("%s is at %q, %v; want %q", tc.url, got, err, tc.want)
		}
		if err != nil {
			if e := connectFault(err); fault.TypeOf(e) != fault.NetworkError || !strings.Contains(e.Error(), "name cannot be found") {
				t.Errorf("%s: %v", tc.url, e)
			}
		}
	}
}

func TestPriorityAndWeight(t *testing.T) {
	t.Parallel()
	records := []*net.SRV{{Target: "c", Priority: 2, Weight: 9}, {Target: "a", Priority: 1, Weight: 10}, {Target: "zero", Priority: 1}, {Target: "b", Priority: 1, Weight: 30}}
	order := func(picks ...int) string {
		var names []string
		for _, r := range byPriority(records, func(n int) int {
			p := min(picks[0], n-1)
			picks = picks[1:]
			return p
		}) {
			names = append(names, r.Target)
		}
		return strings.Join(names, " ")
	}
	for _, tc := range []struct {
		want  string
		picks []int
	}{
		{"zero a b c", []int{0, 0, 0, 0}}, {"a zero b c", []int{10, 0, 0, 0}}, {"b zero a c", []int{11, 0, 0, 0}}, {"b a zero c", []int{40, 10, 0, 0}},
	} {
		if got := order(tc.picks...); got != tc.want {
			t.Errorf("%v: %s, want %s", tc.picks, got, tc.want)
		}
	}
	if len(records) != 4 || records[0].Target != "c" {
		t.Error("the records themselves were changed")
	}
}

// The first address is dead, the second one answers.
func TestNextAddressIsTried(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	_, port, _ := net.SplitHostPort(s.web.Listener.Addr().String())
	var mu sync.Mutex
	var tried []string
	f := s.connect(func(c *Config) {
		c.URL = "ws://pbx.example:" + port + "/sip"
		c.AllowClearText = true
		c.Resolver = zone{hosts: map[string][]string{"pbx.example": {"192.0.2.1", "192.0.2.2", "127.0.0.1"}}}
		c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			mu.Lock()
			tried = append(tried, address)
			mu.Unlock()
			if strings.HasPrefix(address, "192.0.2.") {
				return nil, errors.New("no route")
			}
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}
	})
	if got := strings.Join(tried, " "); got != "192.0.2.1:"+port+" 192.0.2.2:"+port+" 127.0.0.1:"+port || f.Server() != "127.0.0.1:"+port {
		t.Errorf("tried %s, is at %s", got, f.Server())
	}
	place(t, s, f, legs)
}

// An account leaves a server that is overloaded, or silent, for the next one of
// its name, and does not come back to it at once.
func TestAccountFailsOver(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		first func(t *testing.T) string // the address of a server that is no good
	}{
		{"overloaded", func(t *testing.T) string {
			r := newRegistrar(t)
			r.set(func(req *sipmsg.Request) *sipmsg.Response {
				res := sipmsg.NewResponseFromRequest(req, 503, "Overloaded", nil)
				res.AppendHeader(sipmsg.NewHeader("Retry-After", "3600"))
				return res
			})
			return r.listenUDP(t)
		}},
		{"not there", func(t *testing.T) string {
			pc, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer pc.Close()
			return pc.LocalAddr().String()
		}},
		{"silent", func(t *testing.T) string {
			pc, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = pc.Close() })
			return pc.LocalAddr().String()
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			bad := tc.first(t)
			r := newRegistrar(t)
			good := r.listenUDP(t)
			var records []*net.SRV
			for i, at := range []string{bad, good} {
				_, port, _ := net.SplitHostPort(at)
				n, _ := strconv.Atoi(port)
				records = append(records, &net.SRV{Target: "here.example", Port: uint16(n), Priority: uint16(i)})
			}
			a := r.account(t, func(c *AccountConfig) {
				c.URL, c.AllowClearText = "udp://pbx.example", true
				c.Resolver = zone{srv: map[string][]*net.SRV{"_sip._udp.pbx.example": records}, hosts: map[string][]string{"here.example": {"127.0.0.1"}}}
			})
			a.phase(Registered)
			if f := a.Flow(); f == nil || f.Server() != good {
				t.Errorf("registered at %v", f)
			}
			// Back from a loss it begins where it was well.
			a.Reconnect()
			a.until("lost", func(s Registration) bool { return s.Phase == Unregistered })
			a.phase(Registered)
			if f := a.Flow(); f == nil || f.Server() != good {
				t.Errorf("registered again at %v", f)
			}
		})
	}
}

func (r *registrar) listenUDP(t *testing.T) string {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.s.serveUDP(pc))
	return pc.LocalAddr().String()
}

func TestOutboundProxy(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	r := newRegistrar(t)
	r.s.onInvite = onInvite
	r.set(func(req *sipmsg.Request) *sipmsg.Response {
		res := sipmsg.NewResponseFromRequest(req, 200, "OK", nil)
		res.AppendHeader(sipmsg.NewHeader("Service-Route", "<sip:home.example;lr>, <sip:far.example;lr>"))
		return res
	})
	at := r.listenUDP(t)
	_, port, _ := net.SplitHostPort(at)
	a := r.account(t, func(c *AccountConfig) { c.URL, c.OutboundProxy = "tls://pbx.example", "udp://"+at })
	a.phase(Registered)
	routes := func(req *sipmsg.Request) (all []string) {
		for _, h := range req.GetHeaders("Route") {
			all = append(all, h.(*sipmsg.RouteHeader).Address.Host)
		}
		return all
	}
	reg := r.next()
	if got := routes(reg); !slices.Equal(got, []string{"127.0.0.1"}) || itoa(reg.Route().Address.Port) != port || reg.Recipient.Host != "sip.example" {
		t.Errorf("%s", reg)
	}
	d, err := a.Flow().Invite(limited(t), Invitation{Target: "bob", Offer: offer})
	if err != nil {
		t.Fatal(err)
	}
	l := <-legs
	if got := routes(l.req); !slices.Equal(got, []string{"127.0.0.1", "home.example", "far.example"}) {
		t.Errorf("the INVITE's routes are %v", got)
	}
	l.respond(486, "")
	event[Failed](t, d)
	if _, err := NewAccount(AccountConfig{Config: Config{URL: "wss://a", OutboundProxy: "http://b", Domain: "d", User: "u"}}); fault.TypeOf(err) != fault.ConfigurationInvalid {
		t.Errorf("%v", err)
	}
}

func TestWithShare(t *testing.T) {
	t.Parallel()
	whole, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	share, cancel := withShare(whole, 4)
	defer cancel()
	end, _ := share.Deadline()
	if left := time.Until(end); left > 15*time.Minute || left < 14*time.Minute {
		t.Errorf("%v of an hour for one of four", left)
	}
	last, cancel := withShare(whole, 1)
	defer cancel()
	if a, _ := last.Deadline(); time.Until(a) < 50*time.Minute {
		t.Error("the last one gets less than what is left")
	}
}
