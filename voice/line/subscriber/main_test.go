package subscriber

import (
	"net/url"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testHost = "https://voice.test"

func sign(claims map[string]any) string {
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims(claims)).SignedString([]byte("key"))
	if err != nil {
		panic(err)
	}
	return text
}

// push is what the inbox delivers of a call to alice.
func push(session string, change func(claims map[string]any)) map[string]string {
	now := time.Now()
	base, _ := url.Parse(testHost)
	claims := map[string]any{
		"iss": "offhook", "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "sub": "alice",
		"callerId": "bob", "callerName": "Bob", "sessionId": session,
		"longPollUrl":      base.JoinPath("v2/calls", session, "state").String(),
		"longPollTimeout":  25,
		"rejectCallUrl":    base.JoinPath("v2/calls", session, "reject").String(),
		"notificationTime": now.Format(time.RFC3339),
	}
	if change != nil {
		change(claims)
	}
	return map[string]string{"payload": sign(claims), "payloadVersion": "1", "subscriberName": "alice"}
}
