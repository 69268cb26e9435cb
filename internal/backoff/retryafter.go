package backoff

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RetryAfter is how long a server wants to be left alone by its Retry-After: seconds,
// behind which SIP has parameters and a comment (RFC 3261, section 20.33), or a date,
// which is compared with now (RFC 9110, section 10.2.3). It is 0 if nothing is said, and
// most at the most.
func RetryAfter(value string, now time.Time, most time.Duration) time.Duration {
	value = strings.TrimSpace(value)
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), most)
	}
	digits := value
	if i := strings.IndexFunc(value, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		digits = value[:i]
	}
	if len(digits) > 9 {
		return most
	}
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return min(time.Duration(n)*time.Second, most)
}
