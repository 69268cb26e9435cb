package signin

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"offhook/voice/fault"
)

func TestCodes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"acme": true, " Acme ": true, "acme-7": true, "आईना": true, "voice.acme.com": false, "https://voice": false, "voice:8443": false, "localhost": false,
		"LocalHost": false, "": false, "a b": false, "../x": false, "x?y": false, "[::1]": false,
	} {
		if _, ok := CodeOf(text); ok != want {
			t.Errorf("%q is a code: %v", text, ok)
		}
	}
}

// A code leads to the server and the account; one of nobody, and an address that answers
// nonsense or nothing, are told apart.
func TestDiscover(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := map[string]string{
			"/find/acme": `{"company":"Acme","server":"https://voice.acme.com","account_sid":"a1"}`, "/find/आईना": `{"server":"https://voice.acme.in"}`,
			"/find/bad": `{"server":"ftp://x"}`, "/find/html": `<html>`, "/find/empty": `{}`,
		}[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = w.Write([]byte(answer))
	}))
	defer server.Close()
	for code, want := range map[string]Company{
		"ACME": {Name: "Acme", Server: "https://voice.acme.com", AccountSID: "a1"}, "आईना": {Server: "https://voice.acme.in"},
	} {
		if got, err := Discover(t.Context(), server.Client(), server.URL+"/find/", code); err != nil || got != want {
			t.Errorf("%s is %+v, %v", code, got, err)
		}
	}
	for code, want := range map[string]string{"nobody": "sign-in.unknown-code", "bad": "sign-in.no-discovery", "html": "sign-in.no-discovery", "empty": "sign-in.no-discovery"} {
		if _, err := Discover(t.Context(), server.Client(), server.URL+"/find", code); fault.From(err).Text().Code != want {
			t.Errorf("%s: %v", code, err)
		}
	}
	if _, err := Discover(t.Context(), http.DefaultClient, "http://discovery.example.com", "acme"); fault.From(err).Text().Code != "sign-in.no-discovery" {
		t.Errorf("a company is looked for without encryption: %v", err)
	}
	server.Close()
	if _, err := Discover(t.Context(), http.DefaultClient, server.URL, "acme"); fault.From(err).Text().Code != "sign-in.no-discovery" {
		t.Error(err)
	}
}
