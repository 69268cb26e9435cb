package voice

import (
	"strings"

	"offhook/voice/sip"
)

// header returns the value of the first header of that name, or "".
func header(headers []sip.Header, name string) string {
	for _, h := range headers {
		if strings.EqualFold(h.Name, name) {
			return strings.TrimSpace(h.Value)
		}
	}
	return ""
}
