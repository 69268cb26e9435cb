package auth

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"offhook/voice/fault"
)

// token makes a JWT; nil values leave a claim out.
func token(sub string, iat, exp any) string {
	c := jwt.MapClaims{"iss": "exotel", "sub": sub, "client_id": "5E05865E", "scope": "voice"}
	if iat != nil {
		c["iat"] = iat
	}
	if exp != nil {
		c["exp"] = exp
	}
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString([]byte("k"))
	if err != nil {
		panic(err)
	}
	return text
}

func TestParsePair(t *testing.T) {
	t.Parallel()
	good := token("alice", 1576647999, 1576747999)
	cases := map[string]struct {
		text string
		ok   bool
	}{
		"the documented form":  {fmt.Sprintf(`{"refresh_token":%q,"access_token":%q}`, good, good), true},
		"more fields":          {fmt.Sprintf(`{"refresh_token":%q,"access_token":%q,"x":1}`, good, good), true},
		"spaces around":        {fmt.Sprintf(`{"refresh_token":" %s\n","access_token":%q}`, good, good), true},
		"empty":                {"", false},
		"not JSON":             {good, false},
		"an array":             {"[]", false},
		"numbers":              {`{"refresh_token":1,"access_token":2}`, false},
		"no access token":      {fmt.Sprintf(`{"refresh_token":%q}`, good), false},
		"not a JWT":            {`{"refresh_token":"a.b.c","access_token":"a.b.c"}`, false},
		"damaged by a scanner": {fmt.Sprintf(`{"refresh_token":%q,"access_token":%q}`, good[:40]+"?"+good[41:], good), false},
		"no expiry":            {fmt.Sprintf(`{"refresh_token":%q,"access_token":%q}`, token("a", 1, nil), good), false},
		"endless":              {strings.Repeat("x", 1<<20), false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := ParsePair(c.text)
			if c.ok != (err == nil) {
				t.Fatalf("error %v", err)
			}
			if err == nil {
				if p.Refresh() != good || p.Access() != good {
					t.Error("the tokens are others")
				}
				for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
					if s := fmt.Sprintf(verb, p); strings.Contains(s, good) {
						t.Errorf("%s shows the token: %s", verb, s)
					}
				}
				return
			}
			if !errors.Is(err, &fault.Error{Type: fault.AuthenticationInvalidToken}) {
				t.Errorf("type %v", fault.TypeOf(err))
			}
			if len(c.text) > 50 && strings.Contains(err.Error(), good[20:40]) {
				t.Errorf("the error quotes the token: %v", err)
			}
		})
	}
}

func TestClaims(t *testing.T) {
	t.Parallel()
	c, err := ParseClaims(token("Archit", 1576647999, 1576747999))
	if err != nil {
		t.Fatal(err)
	}
	if c.Subject != "Archit" || c.ClientID != "5E05865E" || c.Issuer != "exotel" || c.Scope != "voice" || c.Life() != 100000*time.Second {
		t.Errorf("claims %+v", c)
	}
	if c, _ := ParseClaims(token("a", nil, 5)); c.Life() != 0 {
		t.Error("a life without a birth")
	}
}

func FuzzParsePair(f *testing.F) {
	good := token("alice", 1, 2)
	f.Add(fmt.Sprintf(`{"refresh_token":%q,"access_token":%q}`, good, good))
	f.Add(`{"refresh_token":"..","access_token":"e30.e30."}`)
	f.Add(fmt.Sprintf(`{"refresh_token":%q,"access_token":%q}`, token("a", -1e300, 1e300), good))
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePair(text)
		if err != nil {
			if fault.TypeOf(err) != fault.AuthenticationInvalidToken {
				t.Errorf("type %v", fault.TypeOf(err))
			}
			return
		}
		if c, err := ParseClaims(p.Refresh()); err != nil || c.Expires.IsZero() && c.Life() != 0 {
			t.Errorf("accepted pair without claims: %v", err)
		}
	})
}
