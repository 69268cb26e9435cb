package sip

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"strings"

	sipmsg "github.com/emiago/sipgo/sip"
)

// Bodies are read by their type (RFC 3261, section 7.4, and RFC 5621): a session
// description may stand beside other parts, such as the ISUP of a gateway.

// maxNesting limits multiparts within multiparts.
const maxNesting = 4

// description finds the session description of a message. status is what a
// request is refused with that has a body which must be understood and is not: 400
// or 415; 0 if there is none such.
func description(m sipmsg.Message) (sdp string, status int) {
	if len(m.Body()) == 0 {
		return "", 0
	}
	if encoding := headerValue(m, "Content-Encoding"); encoding != "" && !strings.EqualFold(strings.TrimSpace(encoding), "identity") {
		return "", sipmsg.StatusUnsupportedMediaType
	}
	kind := headerValue(m, "Content-Type")
	if kind == "" && bytes.HasPrefix(m.Body(), []byte("v=0")) {
		kind = sdpType
	}
	sdp, found, status := part(kind, headerValue(m, "Content-Disposition"), m.Body(), 0)
	if found {
		return sdp, 0
	}
	return "", status
}

// part reads one body or a part of it.
func part(kind, disposition string, body []byte, depth int) (sdp string, found bool, status int) {
	media, params := mediaType(kind)
	use, handling := dispositionOf(disposition)
	switch {
	case media == sdpType && (use == "session" || use == ""):
		return string(body), true, 0
	case strings.HasPrefix(media, "multipart/") && depth < maxNesting:
		if params["boundary"] == "" {
			return "", false, sipmsg.StatusBadRequest
		}
		return parts(multipart.NewReader(bytes.NewReader(body), params["boundary"]), depth)
	case strings.HasPrefix(media, "multipart/"):
		return "", false, sipmsg.StatusBadRequest
	case handling == "optional" || depth > 0 && handling != "required":
		return "", false, 0 // beside a description, gateways leave out that they don't insist
	}
	return "", false, sipmsg.StatusUnsupportedMediaType
}

// parts looks for the description among the parts of a multipart.
func parts(reader *multipart.Reader, depth int) (sdp string, found bool, status int) {
	for n := 0; n < 32; n++ {
		next, err := reader.NextRawPart()
		if err != nil {
			if n == 0 {
				status = sipmsg.StatusBadRequest
			}
			break // what is cut off at its end is as good as whole
		}
		body, _ := io.ReadAll(next)
		if strings.EqualFold(strings.TrimSpace(next.Header.Get("Content-Transfer-Encoding")), "base64") {
			if plain, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(body)), "")); err == nil {
				body = plain
			}
		}
		kind := next.Header.Get("Content-Type")
		if kind == "" {
			kind = "text/plain"
		}
		text, ok, bad := part(kind, next.Header.Get("Content-Disposition"), body, depth+1)
		switch {
		case ok && !found:
			sdp, found = text, true
		case bad != 0:
			return "", false, bad
		}
	}
	return sdp, found, status
}

// mediaType takes a Content-Type apart, also one that is not quite valid.
func mediaType(value string) (string, map[string]string) {
	if media, params, err := mime.ParseMediaType(value); err == nil {
		return media, params
	}
	media, rest, _ := strings.Cut(value, ";")
	params := map[string]string{}
	for p := range strings.SplitSeq(rest, ";") {
		name, v, _ := strings.Cut(p, "=")
		params[strings.ToLower(strings.TrimSpace(name))] = strings.Trim(strings.TrimSpace(v), `"`)
	}
	return strings.ToLower(strings.TrimSpace(media)), params
}

func dispositionOf(value string) (use, handling string) {
	use, params := mediaType(value)
	if use == "optional" { // as some write it
		return "", use
	}
	return use, strings.ToLower(params["handling"])
}
