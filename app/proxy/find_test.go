package proxy

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"testing"
)

func TestTheEnvironment(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		env          map[string]string
		target, want string
		nothing      bool
	}{
		{env: map[string]string{}, target: "https://a.example", nothing: true},
		{env: map[string]string{"NO_PROXY": "*"}, target: "https://a.example", nothing: true},
		{env: map[string]string{"HTTPS_PROXY": "http://p:3128"}, target: "https://a.example", want: "http://p:3128"},
		{env: map[string]string{"HTTPS_PROXY": "p:3128"}, target: "https://a.example", want: "http://p:3128"},
		{env: map[string]string{"HTTPS_PROXY": "http://p:3128"}, target: "http://a.example", want: ""},
		{env: map[string]string{"http_proxy": "http://q"}, target: "http://a.example", want: "http://q"},
		{env: map[string]string{"all_proxy": "socks5://s:1080"}, target: "https://a.example", want: "socks5://s:1080"},
		{env: map[string]string{"HTTPS_PROXY": "http://p", "NO_PROXY": ".example"}, target: "https://a.example", want: ""},
		{env: map[string]string{"HTTPS_PROXY": "http://p"}, target: "https://127.0.0.1:8443", want: ""},
	} {
		find, named := environment(func(name string) string { return row.env[name] })
		if named == row.nothing {
			t.Errorf("%v: named %v", row.env, named)
			continue
		}
		u, _ := url.Parse(row.target)
		list, err := find(context.Background(), u)
		if row.nothing {
			continue
		}
		if err != nil || len(list) != 1 {
			t.Errorf("%v: %v, %v", row.env, list, err)
			continue
		}
		got := ""
		if list[0] != nil {
			got = list[0].String()
		}
		if got != row.want {
			t.Errorf("%v for %s: %q, want %q", row.env, row.target, got, row.want)
		}
	}
}

func TestListsOfTheSystem(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		list []string
		want string
	}{
		{nil, "[<nil>]"},
		{[]string{"direct://"}, "[<nil>]"},
		{[]string{"http://p:8080", "direct://"}, "[http://p:8080 <nil>]"},
		{[]string{"rtsp://x", "\x00", "http://"}, "[<nil>]"},
		{[]string{"socks://s", "https://p"}, "[socks://s https://p]"},
	} {
		if got := fmt.Sprint(parseList(row.list)); got != row.want {
			t.Errorf("%q gives %s, want %s", row.list, got, row.want)
		}
	}
	find := localFirst(func(context.Context, *url.URL) ([]*url.URL, error) { return parseList([]string{"http://p"}), nil })
	for host, want := range map[string]string{"localhost:80": "[<nil>]", "[::1]:8080": "[<nil>]", "127.0.0.9": "[<nil>]", "a.example": "[http://p]"} {
		list, err := find(context.Background(), &url.URL{Scheme: "https", Host: host})
		if got := fmt.Sprint(list); got != want || err != nil {
			t.Errorf("%s by %s, want %s (%v)", host, got, want, err)
		}
	}
}

// The choice of a proxy hangs on whether http or https is spoken.
func TestTheTargetsScheme(t *testing.T) {
	t.Parallel()
	d := New(Config{Find: func(context.Context, *url.URL) ([]*url.URL, error) { return nil, nil }})
	note := func(u string) {
		req, err := http.NewRequest(http.MethodGet, u, nil)
		if err != nil {
			t.Fatal(err)
		}
		if via, err := d.Note(req); via != nil || err != nil {
			t.Fatalf("%v, %v", via, err)
		}
	}
	note("http://a.example:8080/x")
	note("http://b.example/")
	note("https://c.example/")
	for address, want := range map[string]string{
		"a.example:8080": "http://a.example:8080", "b.example:80": "http://b.example", "c.example:443": "https://c.example", "d.example:5061": "https://d.example:5061",
	} {
		if got := d.target(address).String(); got != want {
			t.Errorf("%s is %s, want %s", address, got, want)
		}
	}
	note("https://a.example:8080/")
	if got := d.target("a.example:8080").Scheme; got != "https" {
		t.Errorf("later %s", got)
	}
}
