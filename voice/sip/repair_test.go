package sip

import (
	"strings"
	"testing"

	sipmsg "github.com/emiago/sipgo/sip"
)

// What others write into a name, and what is shown of it.
func TestNamesAsOthersWriteThem(t *testing.T) {
	t.Parallel()
	for written, shown := range map[string]string{
		``:                          "",
		`Bob`:                       "Bob",
		`Bob Miller`:                "Bob Miller",
		`"Bob Miller"`:              "Bob Miller",
		`"Miller, Bob"`:             "Miller, Bob",
		`Miller, Bob`:               "Miller, Bob",
		`Bob (Sales) [2] & Co`:      "Bob (Sales) [2] & Co",
		`bob@example.com`:           "bob@example.com",
		`sip:bob@example.com`:       "sip:bob@example.com",
		`"Bob \"the\" B."`:          `Bob "the" B.`,
		`"back\\slash"`:             `back\slash`,
		`Bob "the" B.`:              `Bob "the" B.`,
		`"Bob" Miller`:              `Bob" Miller`,
		`"Mr. J. User`:              "Mr. J. User",
		`Mr. J. User"`:              "Mr. J. User",
		`O'Brien; Pat`:              "O'Brien; Pat",
		`a=b`:                       "a=b",
		`<Bob>`:                     "<Bob>",
		`सीता राम`:                  "सीता राम",
		"M\xfcller":                 "Müller",
		`"<sip:fake@x>" `:           "<sip:fake@x>",
		`back\slash`:                `back\slash`,
		"tab\there":                 "tab here",
		`100% "sure", <3`:           `100% "sure", <3`,
		strings.Repeat("long ", 40): strings.TrimSpace(strings.Repeat("long ", 40)),
		`"quoted" <no> "address"`:   `quoted" <no> "address`,
		`,`:                         ",",
		`:`:                         ":",
	} {
		text := "INVITE sip:desk@x SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx\r\nFrom: " + written + "<sip:bob@lab.test>;tag=1\r\n" +
			"To: " + written + " <sip:desk@lab.test>\r\nContact: " + written + "<sip:bob@192.0.2.9;x=y>;q=0.5\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n"
		m, err := parse([]byte(text))
		if err != nil {
			t.Errorf("%q: %v", written, err)
			continue
		}
		req := m.(*sipmsg.Request)
		tag, _ := req.From().Params.Get("tag")
		if got := shownName(`"` + req.From().DisplayName + `"`); got != shown || req.From().Address.String() != "sip:bob@lab.test" || tag != "1" {
			t.Errorf("%q is shown as %q of %s, want %q", written, got, req.From().Address.String(), shown)
		}
		if req.To().Address.String() != "sip:desk@lab.test" || req.Contact().Address.Host != "192.0.2.9" {
			t.Errorf("%q: To %s, Contact %s", written, req.To().Value(), req.Contact().Value())
		}
		// An answer with it can be read.
		if _, err := parse([]byte(sipmsg.NewResponseFromRequest(req, 180, "Ringing", nil).String())); err != nil {
			t.Errorf("%q: the answer: %v", written, err)
		}
	}
}

// Messages that mean what they should in spite of how they are written.
func TestSloppyMessages(t *testing.T) {
	t.Parallel()
	head := "OPTIONS sip:desk@x SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx\r\nFrom: <sip:b@x>;tag=1\r\nTo: <sip:desk@x>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n"
	for name, text := range map[string]string{
		"plain":                     head + "\r\n",
		"bare line feeds":           strings.ReplaceAll(head, "\r\n", "\n") + "\n",
		"no empty line":             head,
		"no last line end":          strings.TrimSuffix(head, "\r\n"),
		"NULs behind the end":       head + "\r\n\x00\x00",
		"text behind the end":       head + "Content-Length: 0\r\n\r\nmore",
		"empty lines in front":      "\r\n\r\n" + head + "\r\n",
		"a header without a colon":  head + "nonsense here\r\n\r\n",
		"a header without a value":  head + "Subject:\r\n\r\n",
		"a header without a name":   head + ": x\r\n\r\n",
		"spaces before the colon":   strings.Replace(head, "Via:", "Via  :", 1) + "\r\n",
		"blanks in Via":             strings.Replace(head, "192.0.2.9;", " 192.0.2.9 ; ", 1) + "\r\n",
		"an empty parameter":        strings.Replace(head, ";tag=1", ";;tag=1;", 1) + "\r\n",
		"blanks in the address":     strings.Replace(head, "<sip:desk@x>", "< sip:desk@x >", 1) + "\r\n",
		"an address without <>":     strings.Replace(head, "<sip:b@x>", "sip:b@x", 1) + "\r\n",
		"no Max-Forwards":           head + "\r\n",
		"a length that is repeated": head + "Content-Length: 0\r\nl: 0\r\n\r\n",
	} {
		if _, err := parse([]byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A status line may end with its status.
func TestStatusLines(t *testing.T) {
	t.Parallel()
	rest := "\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx\r\nFrom: <sip:b@x>;tag=1\r\nTo: <sip:desk@x>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n"
	for line, phrase := range map[string]string{"SIP/2.0 180": "", "SIP/2.0 180 ": "", "SIP/2.0 180 Ringing here": "Ringing here"} {
		m, err := parse([]byte(line + rest))
		if res, ok := m.(*sipmsg.Response); err != nil || !ok || res.StatusCode != 180 || res.Reason != phrase {
			t.Errorf("%q: %v %v", line, m, err)
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, s := range []string{`"a" <sip:a@b>;x=y`, `a, b <sip:c@d>, <sip:e@f>`, `"a\"b" <tel:1>`, "<<>>", `x <y> <sip:z@w`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, name := range []string{"From", "Contact"} {
			l := headerLine{name, value}
			repair(&l)
			again := l
			repair(&again)
			if again != l && validAddresses(l.value) {
				t.Errorf("%q is repaired to %q and then to %q", value, l.value, again.value)
			}
		}
		shownName(value)
	})
}

func FuzzDescription(f *testing.F) {
	f.Add("multipart/mixed;boundary=b", "--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b--\r\n")
	f.Add("application/sdp", "v=0\r\n")
	f.Add("multipart/mixed; boundary=\"a b", "--a b\r\n\r\nx")
	f.Fuzz(func(t *testing.T, kind, body string) {
		req := sipmsg.NewRequest(sipmsg.INVITE, sipmsg.Uri{Scheme: "sip", Host: "x"})
		req.AppendHeader(sipmsg.NewHeader("Content-Type", kind))
		req.SetBody([]byte(body))
		sdp, status := description(req)
		if sdp != "" && status != 0 || status != 0 && status != 400 && status != 415 {
			t.Errorf("%q with %d", sdp, status)
		}
	})
}
