package sip

import (
	"slices"
	"strconv"
	"strings"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

// answerWords ask for an answer without a person where they are all that Alert-Info
// says, or its parameter info.
var answerWords = []string{"auto answer", "auto-answer", "autoanswer", "alert-autoanswer", "ring answer", "ring-answer", "intercom"}

// answerAfter reads whether the caller asks for an answer without a person, and
// after how long: by Answer-Mode (RFC 5373), or by Call-Info, Alert-Info or a
// header of their own as PBXs do for intercoms. Whether it is obeyed is the
// user's choice. What stands in a URL is never such a wish.
func answerAfter(req *sipmsg.Request) (after time.Duration, asked bool) {
	for _, name := range []string{"Answer-Mode", "Priv-Answer-Mode"} {
		mode, _, _ := strings.Cut(headerValue(req, name), ";")
		if strings.EqualFold(strings.TrimSpace(mode), "auto") {
			return 0, true
		}
	}
	for _, name := range []string{"Call-Info", "Alert-Info"} {
		for _, h := range req.GetHeaders(name) {
			for _, part := range splitList(h.Value()) {
				text, params := withParameters(part)
				if seconds, ok := params["answer-after"]; ok {
					if n, err := strconv.ParseUint(seconds, 10, 31); err == nil && n <= 3600 {
						return time.Duration(n) * time.Second, true
					}
				}
				if name == "Alert-Info" && (isAnswerWord(text) || isAnswerWord(params["info"])) {
					n, _ := strconv.ParseUint(params["delay"], 10, 11)
					return time.Duration(n) * time.Second, true
				}
			}
		}
	}
	if v := headerValue(req, "P-Auto-Answer"); strings.EqualFold(strings.TrimSpace(v), "normal") || strings.EqualFold(strings.TrimSpace(v), "true") {
		return 0, true
	}
	return 0, false
}

func isAnswerWord(text string) bool {
	return slices.Contains(answerWords, strings.ToLower(strings.TrimSpace(text)))
}

// withParameters takes a value apart: the text before its parameters, without what
// stands in brackets, and the parameters by their names in lower case.
func withParameters(value string) (text string, params map[string]string) {
	var parts []string
	start := 0
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '"', '<':
			i = skip(value, i) - 1
		case ';':
			parts = append(parts, value[start:i])
			start = i + 1
		}
	}
	parts = append(parts, value[min(start, len(value)):])
	if open := strings.IndexByte(parts[0], '<'); open >= 0 {
		parts[0] = parts[0][:open]
	}
	if name, _, ok := strings.Cut(parts[0], "="); ok && isToken(strings.TrimSpace(name)) {
		parts = append([]string{""}, parts...) // parameters alone, as some write it
	}
	params = map[string]string{}
	for _, p := range parts[1:] {
		name, v, _ := strings.Cut(p, "=")
		params[strings.ToLower(strings.TrimSpace(name))] = strings.Trim(v, "\" \t")
	}
	return strings.Trim(parts[0], "\" \t"), params
}
