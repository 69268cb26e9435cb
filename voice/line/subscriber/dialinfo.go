package subscriber

import (
	"strings"

	"offhook/voice/fault"
)

// maxDialInfo and maxMessage bound what Dial takes, in bytes.
const (
	maxDialInfo = 64
	maxMessage  = 1024
)

// parseExophone returns the user part of what is dialled; the prefix sip: may
// be there or not (reference, section 1.3).
func parseExophone(exophone string) (string, error) {
	user := strings.TrimSpace(exophone)
	if len(user) >= 4 && strings.EqualFold(user[:4], "sip:") {
		user = user[4:]
	}
	bad := func() (string, error) {
		return "", fault.New(fault.InvalidDialInfo, "dial.bad-number")
	}
	if user == "" || len(user) > maxDialInfo {
		return bad()
	}
	for i, r := range user {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		case r == '+' && i == 0 && len(user) > 1:
		case strings.ContainsRune("-_.*#", r):
		default:
			return bad()
		}
	}
	return user, nil
}

// MessageAllowed reports whether message may go with Dial: letters, digits,
// comma, colon, brackets of all kinds and spaces, at most 1024 bytes
// (reference, section 1.3). Other text belongs into the call context.
func MessageAllowed(message string) bool {
	if len(message) > maxMessage {
		return false
	}
	for _, r := range message {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		case strings.ContainsRune(",:{}()[] ", r):
		default:
			return false
		}
	}
	return true
}
