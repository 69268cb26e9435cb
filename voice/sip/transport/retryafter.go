package transport

import (
	"strconv"
	"strings"
	"time"
)

// ParseRetryAfter parses the seconds at the start of a Retry-After (RFC 3261,
// section 20.33); 0 if there are none. A day is the most it believes.
func ParseRetryAfter(value string) time.Duration {
	digits := strings.TrimSpace(value)
	if i := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		digits = digits[:i]
	}
	const day = 24 * 60 * 60
	if len(digits) > 9 {
		return day * time.Second
	}
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return time.Duration(min(n, day)) * time.Second
}
