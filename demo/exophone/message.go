package exophone

import (
	"errors"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Content types of bodies.
const (
	typeSDP       = "application/sdp"
	typeDTMFRelay = "application/dtmf-relay"
)

// endHangup is in records only: a plain BYE needs no word.
const endHangup = "hangup"

// allowed is the Allow header of every answer that has one.
const allowed = "INVITE, ACK, CANCEL, BYE, INFO, UPDATE, OPTIONS, REGISTER"

// reasons are the phrases of the statuses that this exchange sends.
var reasons = map[int]string{
	100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK",
	400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
	410: "Gone", 415: "Unsupported Media Type", 420: "Bad Extension", 423: "Interval Too Brief", 429: "Too Many Requests",
	480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 484: "Address Incomplete",
	486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here", 491: "Request Pending",
	500: "Server Internal Error", 503: "Service Unavailable",
}

func phrase(status int) string {
	if r, ok := reasons[status]; ok {
		return r
	}
	return "Status " + strconv.Itoa(status)
}

// respond builds a response; headers come in pairs of name and value, and pairs
// without a value are left out.
func respond(req *sip.Request, status int, headers ...string) *sip.Response {
	res := sip.NewResponseFromRequest(req, status, phrase(status), nil)
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] != "" {
			res.AppendHeader(sip.NewHeader(headers[i], headers[i+1]))
		}
	}
	return res
}

// withSDP puts a body into a response.
func withSDP(res *sip.Response, body string) *sip.Response {
	if body != "" {
		res.AppendHeader(sip.NewHeader("Content-Type", typeSDP))
		res.SetBody([]byte(body))
	}
	return res
}

// header returns the value of the first header of that name, trimmed.
func header(m sip.Message, name string) string {
	if hs := m.GetHeaders(name); len(hs) > 0 {
		return strings.TrimSpace(hs[0].Value())
	}
	return ""
}

// contentType is the media type of the body, in lower case without parameters.
func contentType(m sip.Message) string {
	t, _, _ := strings.Cut(header(m, "Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// dialogID names a dialog as this side sees it (RFC 3261, 12).
type dialogID struct{ callID, local, remote string }

// dialogOf is the dialog that a request of the phone belongs to; local is empty
// for one outside of any.
func dialogOf(req *sip.Request) dialogID {
	var id dialogID
	if h := req.CallID(); h != nil {
		id.callID = h.Value()
	}
	if h := req.To(); h != nil {
		id.local, _ = h.Params.Get("tag")
	}
	if h := req.From(); h != nil {
		id.remote, _ = h.Params.Get("tag")
	}
	return id
}

// wellFormed says what a request lacks of what RFC 3261, 8.1.1 demands.
func wellFormed(req *sip.Request) error {
	cseq, from, to, id := req.CSeq(), req.From(), req.To(), req.CallID()
	switch {
	case req.Via() == nil:
		return errors.New("no Via")
	case cseq == nil || cseq.MethodName != req.Method:
		return errors.New("bad CSeq")
	case from == nil || from.Address.User == "":
		return errors.New("bad From")
	case to == nil:
		return errors.New("bad To")
	case id == nil || id.Value() == "" || len(id.Value()) > 256:
		return errors.New("bad Call-ID")
	case req.SipVersion != "SIP/2.0":
		return errors.New("bad version")
	}
	if tag, ok := from.Params.Get("tag"); !ok || tag == "" || len(tag) > 256 {
		return errors.New("no From tag")
	}
	return nil
}
