package dialplan

import (
	"strings"
	"testing"
	"time"

	"offhook/voice/fault"
)

var (
	subscriber = Line{Own: "me"}
	account    = Line{SIP: true, Hosts: []string{"pbx.example.com", "10.0.0.5:5060"}, Country: "DE"}
)

func TestNumbersAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"bob": "bob", " bob ": "bob", "sip:bob": "bob", "SIP:bob@host;x=1?y": "bob", "1bob": "1bob", "tel": "tel", "Tel": "Tel",
		"tel:+49-30-12": "+493012", "tel://123": "123", "TEL:+12125551234": "+12125551234", "tel:%2B4930": "+4930", "callto:+12125551234": "+12125551234",
		"+49 (30) 12 34/5": "+493012345", "(030) 12-34": "0301234", "030.12": "03012", "(+49) 30": "+4930", "0\u00a0804": "0804",
		"tel:+1%20(212)%20555-1234": "+12125551234", "tel:+1.212.555.1234": "+12125551234",
		"tel:7042;phone-context=example.com": "7042", "sip:+12125551234@example.com;user=phone": "+12125551234",
		// The national prefix in brackets is not dialled behind the country's code, but where it is a part of the number.
		"+44 (0)20 7946 0958": "+442079460958", "+49 (0) 30 123456": "+4930123456", "0049 (0)30 1": "0049301", "+39 (0)6 698": "+3906698",
		"+7 (8) 495 1234567": "+74951234567", "+1 (212) 555": "+1212555", "0049 30 123456": "004930123456", "+36 (06) 1 234": "+361234",
		// Dashes, blanks, digits and marks of Unicode.
		"+1\u2013212\u2013555": "+1212555", "+1\u2010212\u2011555": "+1212555", "+1\u2212212": "+1212", "+1\u2009212\u202f555": "+1212555", "\u202a+1212\u202c": "+1212",
		"+1\u200b212": "+1212", "\ufeff+1212": "+1212", "+1212\n": "+1212", "\r\n +1212 \r\n": "+1212", "+1\t212": "+1212",
		"\u0660\u0661\u0662\u0663": "0123", "\u0967\u0968\u0969": "123", "\uff0b\uff11\uff12\uff13": "+123", "\u06f1\u06f2": "12", "\uff42\uff4f\uff42": "bob",
		"+49\u00b730\u00b712": "+493012", "+49 30\u221512": "+493012",
		// Words and signs before a number.
		"Tel.: +49 30 12": "+493012", "Tel.:+49 30 12": "+493012", "Tel: 7042": "7042", "Tel +49 30": "+4930", "☎ +49 30": "+4930", "☎️ 7042": "7042", "📞+4930": "+4930",
		"Phone: (030) 12": "03012", "Teléfono: 912": "912", "Mobile: 0172 1": "01721", "फ़ोन: १२३": "123", "☎ Tel.: 12": "12", "T: +49 1": "+491", "M. 12": "12",
		// Letters for digits.
		"tel:1-800-FLOWERS": "18003569377", "1-800-flowers": "18003569377", "+1 800 MY-APPLE": "+180069277" + "53",
	} {
		n, err := subscriber.Parse(text)
		if err != nil || n.Target != want || n.AfterAnswer != "" {
			t.Errorf("%q is %+v, %v; want %q", text, n, err, want)
		}
	}
}

func TestDigitsForAfterTheAnswer(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"tel:+1-212-555-1234;ext=567": {"+12125551234", ",567"}, "+1 212 555 1234 ext. 567": {"+12125551234", ",567"}, "+1 212 555 1234 x567": {"+12125551234", ",567"},
		"+12125551234x567": {"+12125551234", ",567"}, "+1 212 555 1234, ext 567": {"+12125551234", ",567"}, "030 1234 Extension 5": {"0301234", ",5"},
		"tel:+12125551234,,567#": {"+12125551234", ",,567#"}, "+1212,567,1#": {"+1212", ",567,1#"}, "+1212;567": {"+1212", ",567"}, "tel:+1212;postd=p12w3": {"+1212", ",12,3"},
		"+1 212 555 1234 extn:567": {"+12125551234", ",567"}, "Tel.: 7042 x 12": {"7042", ",12"}, "tel:+1212;isub=5;ext=7;phone-context=x": {"+1212", ",7"},
		"sip:+1212;ext=7@example.com": {"+1212", ",7"}, "\u0661\u0662\u0663 ext. \u0664": {"123", ",4"}, "+1212,,": {"+1212", ""}, "98450 12345 ext": {"9845012345", ""}, "98450 12345 ext.": {"9845012345", ""},
	} {
		n, err := subscriber.Parse(text)
		if err != nil || n.Target != want[0] || n.AfterAnswer != want[1] {
			t.Errorf("%q is %+v, %v; want %q", text, n, err, want)
		}
		if again, err := subscriber.Parse(n.String()); err != nil || again != n {
			t.Errorf("%q becomes %+v, %v", n.String(), again, err)
		}
	}
}

func TestAddressesOfASIPAccount(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{ // what is dialled, and what is shown
		"201": {"201", "201"}, "*97": {"*97", "*97"}, "#31#": {"#31#", "#31#"}, "bob.smith": {"bob.smith", "bob.smith"},
		"sip:bob@other.example":                   {"sip:bob@other.example", "bob@other.example"},
		"bob@other.example":                       {"sip:bob@other.example", "bob@other.example"},
		"SIPS:bob@Other.example":                  {"sips:bob@other.example", "bob@other.example"},
		"sip:bob@other.example;method=BYE":        {"sip:bob@other.example", "bob@other.example"},
		"sip:bob@other.example?Replaces=x":        {"sip:bob@other.example", "bob@other.example"},
		"sip:bob@other.example:5070;transport=x?": {"sip:bob@other.example:5070", "bob@other.example:5070"},
		"bob@PBX.example.com":                     {"bob", "bob"}, "sip:201@pbx.example.com;user=phone": {"201", "201"}, "sip:201@10.0.0.5": {"201", "201"}, "sip:201@10.0.0.5:5060": {"201", "201"},
		"sip:a%20b@other.example": {"sip:a%20b@other.example", "a%20b@other.example"}, "sip:%2B49301@other.example": {"sip:+49301@other.example", "+49301@other.example"},
		"sip:+49-30-12@other.example": {"sip:+493012@other.example", "+493012@other.example"}, "sip:bob@[2001:db8::1]:5060": {"sip:bob@[2001:db8::1]:5060", "bob@[2001:db8::1]:5060"},
		"+49 30 12": {"+493012", "+493012"}, "tel:+49-30-12": {"+493012", "+493012"},
	} {
		n, err := account.Parse(text)
		if err != nil || n.Target != want[0] || n.Shown != want[1] {
			t.Errorf("%q is %+v, %v; want %q", text, n, err, want)
		}
	}
}

func TestWhatCantBeDialledIsRefused(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		line Line
		text string
		want error
	}{
		{subscriber, "", errEmpty}, {subscriber, "  ", errEmpty}, {subscriber, "sip:", errEmpty}, {subscriber, "tel://", errEmpty}, {subscriber, "me", errOneself}, {subscriber, "ME", errOneself},
		{subscriber, "bob smith", errBad}, {subscriber, "*97", errBad}, {subscriber, "a_b", errBad}, {subscriber, "+4930\n+4931", errBad}, {subscriber, "b\x00b", errBad}, {subscriber, "बॉब", errBad},
		{subscriber, strings.Repeat("1", 21), errTooLong}, {subscriber, strings.Repeat("a", 21), errTooLong}, {subscriber, strings.Repeat("1", MaxText+1), errTooLong},
		{account, "a b", errBad}, {account, "a\r\nb", errBad}, {account, "<x>", errBad}, {account, "sip:a%0d%0ab@other.example", errBad}, {account, "sip:@other.example", errEmpty},
		{account, "a@b c", errNoAddress}, {account, "a@", errNoAddress}, {account, "sip:bob@a_b", errNoAddress}, {account, strings.Repeat("1", 129), errTooLong}, {account, "sip:bob@x>;y", errNoAddress},
	} {
		n, err := row.line.Parse(row.text)
		if err == nil || err != row.want || fault.TypeOf(err) != fault.InvalidDialInfo {
			t.Errorf("%.40q is %+v, %v; want %v", row.text, n, err, row.want)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	german := Line{Country: "DE"}
	for _, same := range [][]string{
		{"+49 30 123456", "030 123456", "0049 30 123456", "+49 (0)30 123456", "tel:+49-30-123456", "(030) 123456", "4930123456", "\u0660\u0663\u0660 123456", "+49 030 123456"},
		{"Bob", "bob", "sip:BOB", "bob@host"}, {"7042", "tel:7042", "7042 x5"}, {"110"},
	} {
		for _, text := range same {
			if got, want := german.Key(text), german.Key(same[0]); got != want {
				t.Errorf("%q has the key %q, %q has %q", text, got, same[0], want)
			}
		}
	}
	if got := german.Key("030 123456"); got != "+4930123456" {
		t.Errorf("the key is %q", got)
	}
	if got := (Line{}).Key("030 123456"); got != "030123456" {
		t.Errorf("without a country the key is %q", got)
	}
	if got := account.Key("Bob@Other.example"); got != "bob@other.example" {
		t.Errorf("the key of an address is %q", got)
	}
}

func TestCallers(t *testing.T) {
	t.Parallel()
	for address, want := range map[string][2]string{ // what is shown, and the key
		"sip:5551234@acme.example": {"5551234", "+495551234"}, "601@127.0.0.1:15060": {"601", "601"}, "sip:+493012345@10.1.1.1;user=phone": {"+493012345", "+493012345"},
		"sip:bob@pbx.example.com": {"bob", "bob"}, "sip:Bob@other.example": {"Bob@other.example", "bob@other.example"}, "anonymous": {"anonymous", "anonymous"},
		"sip:": {"", ""}, "sip:a\u202eb\x00@other.example": {"ab@other.example", "ab@other.example"}, "not an address": {"not an address", "not an address"}, "sip:%2B493012345@x": {"+493012345", "+493012345"},
	} {
		if n := account.Caller(address); n.Shown != want[0] || n.Key != want[1] {
			t.Errorf("%q is %+v, want %q", address, n, want)
		}
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"tel:1", "TEL:+49", "sip:bob", "sips:a@b", "callto:x", " tel:1\n"} {
		if !IsLink(text) {
			t.Errorf("%q is no link", text)
		}
	}
	for _, text := range []string{"bob", "tel", "http://x", "file:x", "--help", "", "sip:", "tel://", "javascript:alert(1)", "tel:1\ntel:2", "tel:" + strings.Repeat("1", MaxText)} {
		if IsLink(text) {
			t.Errorf("%.30q is taken for a link", text)
		}
	}
}

func TestAMegabyteCostsNothing(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("+49 30 ", 150_000)
	began := time.Now()
	for range 1000 {
		_, _ = account.Parse(text)
		account.Caller(text)
		IsLink(text)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("a thousand take %v", took)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"bob", "sip:bob@h;x?y", "tel:+49-30;ext=5", "(%00)", "callto://x/", "+49 (0)30 1 x5", "☎ Tel.: १२३", "1-800-FLOWERS", "sip:a%40b@[::1]:5", "+1,,5#"} {
		f.Add(s, true, "DE")
		f.Add(s, false, "AR")
	}
	f.Fuzz(func(t *testing.T, text string, sip bool, country string) {
		l := Line{SIP: sip, Country: country, Hosts: []string{"h"}, Own: "me"}
		l.Key(text)
		l.Caller(text)
		n, err := l.Parse(text)
		if err != nil {
			return
		}
		if !sip && !namePattern.MatchString(n.Target) && !phonePattern.MatchString(n.Target) || len(n.Target) > MaxTarget || strings.ContainsAny(n.Target, " <>\"\r\n;") {
			t.Fatalf("%q lets %q through", text, n.Target)
		}
		if strings.Trim(n.AfterAnswer, "0123456789*#,") != "" {
			t.Fatalf("%q sends %q", text, n.AfterAnswer)
		}
		if again, err := l.Parse(n.String()); err != nil || again != n {
			t.Fatalf("%q is not stable: %+v, then %+v, %v", text, n, again, err)
		}
	})
}
