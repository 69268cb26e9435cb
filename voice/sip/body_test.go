package sip

import (
	"strings"
	"testing"

	sipmsg "github.com/emiago/sipgo/sip"
)

// Bodies are read by their type (RFC 5621): what must be understood and is not has the
// request refused.
func TestDescriptionsInBodies(t *testing.T) {
	t.Parallel()
	const sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n"
	mixed := func(parts ...string) string { return "--b\n" + strings.Join(parts, "\n--b\n") + "\n--b--\n" }
	isup := "Content-Type: application/ISUP;version=nxv3\n\n\x01\x02"
	plain := "Content-Type: application/sdp\n\n" + sdp
	for name, tc := range map[string]struct {
		headers []string
		body    string
		found   bool
		status  int
	}{
		"none":                     {nil, "", false, 0},
		"plain":                    {[]string{"Content-Type: Application/SDP"}, sdp, true, 0},
		"with a parameter":         {[]string{"Content-Type: application/sdp; charset=utf-8"}, sdp, true, 0},
		"without a type":           {nil, sdp, true, 0},
		"another type":             {[]string{"Content-Type: text/html"}, "<p>", false, 415},
		"another that is optional": {[]string{"Content-Type: text/html", "Content-Disposition: render;handling=optional"}, "<p>", false, 0},
		"optional, written short":  {[]string{"Content-Type: text/html", "Content-Disposition: optional"}, "<p>", false, 0},
		"session":                  {[]string{"Content-Type: application/sdp", "Content-Disposition: session;handling=required"}, sdp, true, 0},
		"early session":            {[]string{"Content-Type: application/sdp", "Content-Disposition: early-session"}, sdp, false, 415},
		"compressed":               {[]string{"Content-Type: application/sdp", "Content-Encoding: gzip"}, sdp, false, 415},
		"mixed":                    {[]string{"Content-Type: multipart/mixed;boundary=b"}, mixed(plain, isup), true, 0},
		"ISUP first":               {[]string{`Content-Type: multipart/mixed; boundary="b"`}, mixed(isup, plain), true, 0},
		"alternative":              {[]string{"Content-Type: multipart/alternative;boundary=b"}, mixed("Content-Type: text/plain\n\nhello", plain), true, 0},
		"required beside it":       {[]string{"Content-Type: multipart/mixed;boundary=b"}, mixed(plain, "Content-Disposition: signal;handling=required\n"+isup), false, 415},
		"optional beside it":       {[]string{"Content-Type: multipart/mixed;boundary=b"}, mixed(plain, "Content-Disposition: signal;handling=optional\n"+isup), true, 0},
		"nested":                   {[]string{"Content-Type: multipart/mixed;boundary=b"}, mixed("Content-Type: multipart/related;boundary=c\n\n--c\n" + plain + "\n--c--"), true, 0},
		"base64":                   {[]string{"Content-Type: multipart/mixed;boundary=b"}, mixed("Content-Type: application/sdp\nContent-Transfer-Encoding: base64\n\ndj0wDQpv\nPS0gMSAx"), true, 0},
		"no end":                   {[]string{"Content-Type: multipart/mixed;boundary=b"}, strings.TrimSuffix(mixed(plain), "--b--\n"), true, 0},
		"no boundary":              {[]string{"Content-Type: multipart/mixed"}, mixed(plain), false, 400},
		"no parts":                 {[]string{"Content-Type: multipart/mixed;boundary=b"}, "nonsense", false, 400},
	} {
		req := sipmsg.NewRequest(sipmsg.INVITE, sipmsg.Uri{Scheme: "sip", Host: "x"})
		for _, h := range tc.headers {
			n, v, _ := strings.Cut(h, ": ")
			req.AppendHeader(sipmsg.NewHeader(n, v))
		}
		body := strings.ReplaceAll(strings.ReplaceAll(tc.body, "\r\n", "\n"), "\n", "\r\n")
		req.SetBody([]byte(body))
		got, status := description(req)
		if (got != "") != tc.found || status != tc.status || tc.found && !strings.HasPrefix(got, "v=0\r\n") {
			t.Errorf("%s: %q, %d", name, got, status)
		}
	}
}
