package exophone

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

type testClock struct{ at time.Time }

func (c *testClock) Now() time.Time                            { return c.at }
func (c *testClock) AfterFunc(d time.Duration, f func()) Timer { return time.AfterFunc(d, f) }

func newTestAuthenticator() (*authenticator, *testClock, *int) {
	c := &testClock{at: time.Unix(1_800_000_000, 0)}
	a := newAuthenticator("offhook.test", c, func(_ context.Context, name string) (Subscriber, error) {
		if name != "alice" {
			return Subscriber{}, ErrUnknownSubscriber
		}
		return Subscriber{Name: "alice", Active: true, SIPPassword: "secret"}, nil
	})
	reported := new(int)
	a.report = func(string, string, int) { *reported++ }
	return a, c, reported
}

func testRequest(source string, headers ...string) *sip.Request {
	req := sip.NewRequest(sip.INVITE, sip.Uri{Scheme: "sip", User: "100", Host: "offhook.test"})
	req.SetSource(source)
	for i := 0; i+1 < len(headers); i += 2 {
		req.AppendHeader(sip.NewHeader(headers[i], headers[i+1]))
	}
	return req
}

// authorize answers a challenge of a, in the algorithm given.
func authorize(t *testing.T, a *authenticator, algorithm, user, password string, count int, nonce string) string {
	t.Helper()
	if nonce == "" {
		nonce = a.nonce()
	}
	c, err := digest.Digest(&digest.Challenge{Realm: a.realm, Nonce: nonce, Algorithm: algorithm, QOP: []string{"auth"}},
		digest.Options{Method: "INVITE", URI: "sip:100@offhook.test", Username: user, Password: password, Count: count})
	if err != nil {
		t.Fatal(err)
	}
	return c.String()
}

func TestDigestVerdicts(t *testing.T) {
	t.Parallel()
	a, clock, _ := newTestAuthenticator()
	old := a.nonce()
	clock.at = clock.at.Add(nonceLife + time.Second)
	other, _, _ := newTestAuthenticator()
	for _, row := range []struct {
		name   string
		header string
		want   verdict
		stale  bool
	}{
		{"none", "", challenged, false},
		{"MD5", authorize(t, a, "MD5", "alice", "secret", 1, ""), granted, false},
		{"SHA-256", authorize(t, a, "SHA-256", "alice", "secret", 1, ""), granted, false},
		{"no algorithm means MD5", strings.Replace(authorize(t, a, "MD5", "alice", "secret", 1, ""), "algorithm=MD5, ", "", 1), granted, false},
		{"SHA-512 was not offered", authorize(t, a, "SHA-512", "alice", "secret", 1, ""), denied, false},
		{"wrong password", authorize(t, a, "MD5", "alice", "guess", 1, ""), denied, false},
		{"empty password", authorize(t, a, "MD5", "alice", "", 1, ""), denied, false},
		{"unknown subscriber", authorize(t, a, "MD5", "nobody", "", 1, ""), denied, false},
		{"old nonce", authorize(t, a, "MD5", "alice", "secret", 1, old), challenged, true},
		{"another's nonce", authorize(t, a, "MD5", "alice", "secret", 1, other.nonce()), challenged, false},
		{"garbage", "Digest ,,,=\"", challenged, false},
		{"another realm", strings.Replace(authorize(t, a, "MD5", "alice", "secret", 1, ""), "offhook.test", "else.test", 1), challenged, false},
		{"basic", "Basic YWxpY2U6c2VjcmV0", challenged, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			req := testRequest(row.name + ":1")
			if row.header != "" {
				req = testRequest(row.name+":1", "Authorization", row.header)
			}
			sub, got, stale, err := a.check(t.Context(), req)
			if got != row.want || stale != row.stale || err != nil {
				t.Errorf("verdict %d stale %v err %v, want %d %v", got, stale, err, row.want, row.stale)
			}
			if got == granted && sub.Name != "alice" {
				t.Errorf("granted to %q", sub.Name)
			}
		})
	}
}

// A nonce serves many requests, each count once, in any order within reason.
func TestNonceCounts(t *testing.T) {
	t.Parallel()
	a, _, _ := newTestAuthenticator()
	nonce := a.nonce()
	for _, row := range []struct {
		count int
		want  verdict
	}{{1, granted}, {1, challenged}, {3, granted}, {2, granted}, {2, challenged}, {100, granted}, {20, challenged}, {99, granted}} {
		req := testRequest("h:1", "Authorization", authorize(t, a, "SHA-256", "alice", "secret", row.count, nonce))
		if _, got, stale, _ := a.check(t.Context(), req); got != row.want || stale != (row.want == challenged) {
			t.Errorf("count %d: %d stale %v, want %d", row.count, got, stale, row.want)
		}
	}
}

// Wrong passwords again and again are slowed, reported, and forgiven after the
// right one; another address is not slowed.
func TestGuessingIsSlowed(t *testing.T) {
	t.Parallel()
	a, clock, reported := newTestAuthenticator()
	check := func(source, password string) verdict {
		_, v, _, err := a.check(t.Context(), testRequest(source, "Authorization", authorize(t, a, "MD5", "alice", password, 1, "")))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	looked := 0
	for i := range 200 {
		if check("6.6.6.6:666", fmt.Sprint(i)) == denied {
			looked++
		}
	}
	if looked > 10 || *reported != looked {
		t.Errorf("%d of 200 guesses were looked at, %d reported", looked, *reported)
	}
	if check("6.6.6.6:667", "secret") != throttled {
		t.Error("the guesser's next try is looked at")
	}
	if check("1.2.3.4:1", "secret") != granted {
		t.Error("the subscriber is locked out from elsewhere")
	}
	clock.at = clock.at.Add(time.Hour)
	if check("6.6.6.6:668", "secret") != granted || check("6.6.6.6:668", "x") != denied {
		t.Error("nothing is forgiven")
	}
}

func TestDirectoryFailureIsNoDenial(t *testing.T) {
	t.Parallel()
	a, _, _ := newTestAuthenticator()
	a.lookup = func(context.Context, string) (Subscriber, error) { return Subscriber{}, context.DeadlineExceeded }
	_, v, _, err := a.check(t.Context(), testRequest("h:1", "Authorization", authorize(t, a, "MD5", "alice", "secret", 1, "")))
	if err == nil || v == granted {
		t.Errorf("verdict %d, err %v", v, err)
	}
}
