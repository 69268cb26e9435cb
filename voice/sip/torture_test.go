package sip

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

// tortureMessage is a message of RFC 4475, with what becomes of it: the status
// with which the phone answers it, or 0 if it is dropped without a word. For
// a response "understood" says whether it gets past the guard.
type tortureMessage struct {
	section, name string
	status        int
	understood    bool
	text          string
}

func (m tortureMessage) wire() []byte {
	text := strings.TrimPrefix(m.text, "\n")
	return []byte(strings.ReplaceAll(text, "\n", "\r\n"))
}

// The messages of RFC 4475. Their Content-Length is written as @ where it is
// the true one, which the test fills in.
var torture = []tortureMessage{
	{"3.1.1.1", "a short tortuous INVITE", 481, true, `
INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0
TO :
 sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n
from   : "J Rosenberg \\\""       <sip:jdrosen@example.com>
  ;
  tag = 98asjd8
MaX-fOrWaRdS: 0068
Call-ID: wsinv.ndaksdj@192.0.2.1
Content-Length   : @
cseq: 0009
  INVITE
Via  : SIP  /   2.0
 /UDP
    192.0.2.2;branch=390skdjuw
s :
NewFangledHeader:   newfangled value
 continued newfangled value
UnknownHeaderWithUnusualValue: ;;,,;;,;
Content-Type: application/sdp
Route:
 <sip:services.example.com;lr;unknownwith=value;unknown-no-value>
v:  SIP  / 2.0  / TCP     spindle.example.com   ;
  branch  =   z9hG4bK9ikj8  ,
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
 z9hG4bK30239
m:"Quoted string \"\"" <sip:jdrosen@example.com> ; newparam =
      newvalue ;
  secondparam ; q = 0.33

v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.3
s=-
c=IN IP4 192.0.2.4
t=0 0
m=audio 49217 RTP/AVP 0 12
m=video 3227 RTP/AVP 31
a=rtpmap:31 LPC
`},
	{"3.1.1.2", "a wide range of valid characters", 405, true, `
!interesting-Method0123456789_*+` + "`" + `.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0
Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+` + "`" + `'~
To: "BEL:\` + "\x07" + ` NUL:\` + "\x01" + ` DEL:\` + "\x7F" + `" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>
From: token1~` + "`" + ` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%="` + "\xd1\x80\xd0\xb0\xd0\xb1\xd0\xbe\xd1\x82\xd0\xb0\xd1\x8e\xd1\x89\xd0\xb8\xd0\xb9" + `";tag=_token~1'+` + "`" + `*%!-.
Call-ID: intmeth.word%ZK-!.*_+'@word` + "`" + `~)(><:\/"][?}{
CSeq: 139122385 !interesting-Method0123456789_*+` + "`" + `.%indeed'~
Max-Forwards: 255
extensionHeader-!.%*+_` + "`" + `'~:` + "\xef\xbb\xbf\xe5\xa4\xa7\xe5\x81\x9c\xe9\x9b\xbb" + `
Content-Length: 0

`},
	{"3.1.1.3", "escaped characters in URIs", 480, true, `
INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0
To: sip:%75se%72@example.com
From: <sip:I%20have%20spaces@example.net>;tag=938
Max-Forwards: 87
i: esc01.239409asdfakjkn23onasd0-3234
CSeq: 234234 INVITE
Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bKkdjuw
C: application/sdp
Contact:
  <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>
Content-Length: @

v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.1
s=-
c=IN IP4 192.0.2.1
t=0 0
m=audio 49217 RTP/AVP 0 12
`},
	{"3.1.1.4", "escaped nulls in URIs", 405, true, `
REGISTER sip:example.com SIP/2.0
To: sip:null-%00-null@example.com
From: sip:null-%00-null@example.com;tag=839923423
Max-Forwards: 70
Call-ID: escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd
CSeq: 14398234 REGISTER
Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bKkdjuw
Contact: <sip:%00@host5.example.com>
Contact: <sip:%00%00@host5.example.com>
L:0

`},
	{"3.1.1.5", "percent signs that escape nothing", 405, true, `
RE%47IST%45R sip:registrar.example.com SIP/2.0
To: "%Z%45" <sip:resource@example.com>
From: "%Z%45" <sip:resource@example.com>;tag=f232jadfj23
Call-ID: esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf
Via: SIP/2.0/TCP host.example.com;branch=z9hG4bK209%fzsnel234
CSeq: 29344 RE%47IST%45R
Max-Forwards: 70
Contact: <sip:alias1@host1.example.com>
C%6Fntact: <sip:alias2@host2.example.com>
Contact: <sip:alias3@host3.example.com>
l: 0

`},
	{"3.1.1.6", "no white space before the bracket", 200, true, `
OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: caller<sip:caller@example.com>;tag=323
Max-Forwards: 70
Call-ID: lwsdisp.1234abcd@funky.example.com
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP funky.example.com;branch=z9hG4bKkdjuw
l: 0

`},
	{"3.1.1.7", "long values", 480, true, `
INVITE sip:user@example.com SIP/2.0
To: "I have a user name of ` + strings.Repeat("extreme", 10) + ` proportion"<sip:user@example.com:6000;unknownparam1=very` + strings.Repeat("long", 20) + `value;longparam` + strings.Repeat("name", 25) + `=shortvalue;very` + strings.Repeat("long", 25) + `ParameterNameWithNoValue>
F: sip:` + strings.Repeat("amazinglylongcallername", 5) + `@example.net;tag=12` + strings.Repeat("982", 50) + `424;unknownheaderparam` + strings.Repeat("name", 20) + `=unknowheaderparam` + strings.Repeat("value", 15) + `;unknownValueless` + strings.Repeat("paramname", 10) + `
Call-ID: longreq.one` + strings.Repeat("really", 20) + `longcallid
CSeq: 3882340 INVITE
Unknown-` + strings.Repeat("Long", 20) + `-Name: unknown-` + strings.Repeat("long", 20) + `-value; unknown-` + strings.Repeat("long", 20) + `-parameter-name = unknown-` + strings.Repeat("long", 20) + `-parameter-value
Via: SIP/2.0/TCP sip33.example.com
v: SIP/2.0/TCP sip32.example.com
V: SIP/2.0/TCP sip31.example.com
Via: SIP/2.0/TCP sip30.example.com
ViA: SIP/2.0/TCP sip29.example.com
VIa: SIP/2.0/TCP sip28.example.com
VIA: SIP/2.0/TCP sip27.example.com
via: SIP/2.0/TCP sip26.example.com
viA: SIP/2.0/TCP sip25.example.com
vIa: SIP/2.0/TCP sip24.example.com
vIA: SIP/2.0/TCP sip23.example.com
V :  SIP/2.0/TCP sip22.example.com
v :  SIP/2.0/TCP sip21.example.com
V  : SIP/2.0/TCP sip20.example.com
v  : SIP/2.0/TCP sip19.example.com
Max-Forwards: 70
Contact: <sip:` + strings.Repeat("amazinglylongcallername", 5) + `@host5.example.net>
Content-Type: application/sdp
l: @

v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.1
s=-
c=IN IP4 192.0.2.1
t=0 0
m=audio 49217 RTP/AVP 0 12
`},
	{"3.1.1.8", "extra octets after a request", 405, true, `
REGISTER sip:example.com SIP/2.0
To: sip:j.user@example.com
From: sip:j.user@example.com;tag=43251j3j324
Max-Forwards: 8
I: dblreq.0ha0isndaksdj99sdfafnl3lk233412
Contact: sip:j.user@host.example.com
CSeq: 8 REGISTER
Via: SIP/2.0/UDP 192.0.2.125;branch=z9hG4bKkdjuw23492
Content-Length: 0

INVITE sip:joe@example.com SIP/2.0
t: sip:joe@example.com
From: sip:caller@example.net;tag=141334
Max-Forwards: 8
Call-ID: dblreq.0ha0isnda977644900765@192.0.2.15
CSeq: 8 INVITE
Via: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKkdjuw380234
Content-Type: application/sdp
Content-Length: 150

v=0
`},
	{"3.1.1.9", "semicolon-separated parameters in the user part", 200, true, `
OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0
To: sip:j_user@example.com
From: sip:caller@example.org;tag=33242
Max-Forwards: 3
Call-ID: semiuri.0ha0isndaksdj
CSeq: 8 OPTIONS
Accept: application/sdp, application/pkcs7-mime,
        multipart/mixed, multipart/signed,
        message/sip, message/sipfrag
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKkdjuw
l: 0

`},
	{"3.1.1.10", "varied and unknown transport types", 200, true, `
OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: <sip:caller@example.com>;tag=323
Max-Forwards: 70
Call-ID:  transports.kijh4akdnaqjkwendsasfdj
Accept: application/sdp
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP t1.example.com;branch=z9hG4bKkdjuw
Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf
Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj
Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en
Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee
l: 0

`},
	{"3.1.1.11", "multipart MIME with binary", 405, true, `
MESSAGE sip:kumiko@example.org SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-d87543-4dade06d0bdb11ee-1--d87543-;rport
Max-Forwards: 70
Route: <sip:127.0.0.1:5080>
Identity: r5mwreLuyDRYBi/0TiPwEsY3rEVsk/G2WxhgTV1PF7hHuLIK0YWVKZhKv9Mj8UeXqkMVbnVq37CD+813gvYjcBUaZngQmXc9WNZSDNGCzA+fWl9MEUHWIZo1CeJebdY/XlgKeTa0Olvq0rt70Q5jiSfbqMJmQFteeivUhkMWYUA=
Contact: <sip:fluffy@127.0.0.1:5070>
To: <sip:kumiko@example.org>
From: <sip:fluffy@example.com>;tag=2fb0dcc9
Call-ID: 3d9485ad0c49859b@Zmx1ZmZ5LW1hYy0xNi5sb2NhbA..
CSeq: 1 MESSAGE
Content-Transfer-Encoding: binary
Content-Type: multipart/mixed;boundary=7a9cbec02ceef655
Date: Sat, 15 Oct 2005 04:44:56 GMT
User-Agent: SIPimp.org/0.2.5 (curses)
Content-Length: @

--7a9cbec02ceef655
Content-Type: text/plain
Content-Transfer-Encoding: binary

Hello
--7a9cbec02ceef655
Content-Type: application/octet-stream
Content-Transfer-Encoding: binary

` + "0\x82\x01R\x06\x09*\x86H\x86\xf7\x0d\x01\x07\x02\xa0\x82\x01C0\x00\xff" + `
--7a9cbec02ceef655--
`},
	{"3.1.1.12", "an unusual reason phrase", 0, true, `
SIP/2.0 200 = 2**3 * 5**2 ` + "\xd0\xbd\xd0\xbe \xd1\x81\xd1\x82\xd0\xbe" + `
Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923
Call-ID: unreason.1234ksdfak3j2erwedfsASdf
CSeq: 35 INVITE
From: sip:user@example.com;tag=11141343
To: sip:user@example.edu;tag=2229
Content-Length: @
Content-Type: application/sdp
Contact: <sip:user@host198.example.com>

v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.198
s=-
`},
	{"3.1.1.13", "an empty reason phrase", 0, true, `
SIP/2.0 100 ` + `
Via: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bK2398ndaoe
Call-ID: noreason.asndj203insdf99223ndf
CSeq: 35 INVITE
From: <sip:user@example.com>;tag=39ansfi3
To: <sip:user@example.edu>;tag=902jndnke3
Content-Length: 0
Contact: <sip:user@host105.example.com>

`},
	{"3.1.2.1", "extraneous header field separators", 0, false, `
INVITE sip:user@example.com SIP/2.0
To: sip:j.user@example.com
From: sip:caller@example.net;tag=134161461246
Max-Forwards: 7
Call-ID: badinv01.0ha0isndaksdjasdf3234nas
CSeq: 8 INVITE
Via: SIP/2.0/UDP 192.0.2.15;;,;,,
Contact: "Joe" <sip:joe@example.org>;;;;
Content-Length: @
Content-Type: application/sdp

v=0
`},
	{"3.1.2.2", "Content-Length larger than the message", 400, false, `
INVITE sip:user@example.com SIP/2.0
Max-Forwards: 80
To: sip:j.user@example.com
From: sip:caller@example.net;tag=93942939o2
Contact: <sip:caller@hungry.example.net>
Call-ID: clerr.0ha0isndaksdjweiafasdk3
CSeq: 8 INVITE
Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bK-39234-23523
Content-Type: application/sdp
Content-Length: 9999

v=0
`},
	{"3.1.2.3", "a negative Content-Length", 400, false, `
INVITE sip:user@example.com SIP/2.0
Max-Forwards: 254
To: sip:j.user@example.com
From: sip:caller@example.net;tag=32394234
Call-ID: ncl.0ha0isndaksdj2193423r542w35
CSeq: 0 INVITE
Via: SIP/2.0/UDP 192.0.2.53;branch=z9hG4bKkdjuw
Contact: <sip:caller@example53.example.net>
Content-Type: application/sdp
Content-Length: -999

v=0
`},
	{"3.1.2.4", "scalar values out of range in a request", 0, false, `
REGISTER sip:example.com SIP/2.0
Via: SIP/2.0/TCP host129.example.com;branch=z9hG4bK342sdfoi3
To: <sip:user@example.com>
From: <sip:user@example.com>;tag=239232jh3
CSeq: 36893488147419103232 REGISTER
Call-ID: scalar02.23o0pd9vanlq3wnrlnewofjas9ui32
Max-Forwards: 300
Expires: 1` + strings.Repeat("0", 300) + `
Contact: <sip:user@host129.example.com>;expires=280297596632815
Content-Length: 0

`},
	{"3.1.2.5", "scalar values out of range in a response", 0, false, `
SIP/2.0 503 Service Unavailable
Via: SIP/2.0/TCP host129.example.com;branch=z9hG4bKzzxdiwo34sw;received=192.0.2.129
To: <sip:user@example.com>
From: <sip:other@example.net>;tag=2easdjfejw
CSeq: 9292394834772304023312 OPTIONS
Call-ID: scalarlg.noase0of0234hn2qofoaf0232aewf2394r
Retry-After: 949302838503028349304023988
Warning: 1812 overture "In Progress"
Content-Length: 0

`},
	{"3.1.2.6", "an unterminated quoted string", 0, false, `
INVITE sip:user@example.com SIP/2.0
To: "Mr. J. User <sip:j.user@example.com>
From: sip:caller@example.net;tag=93334
Max-Forwards: 10
Call-ID: quotbal.aksdj
Contact: <sip:caller@host59.example.net>
CSeq: 8 INVITE
Via: SIP/2.0/UDP 192.0.2.59:5050;branch=z9hG4bKkdjuw39234
Content-Type: application/sdp
Content-Length: @

v=0
`},
	{"3.1.2.7", "brackets around the Request-URI", 400, false, `
INVITE <sip:user@example.com> SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=39291
Max-Forwards: 23
Call-ID: ltgtruri.1@192.0.2.5
CSeq: 1 INVITE
Via: SIP/2.0/UDP 192.0.2.5
Contact: <sip:caller@host5.example.net>
Content-Type: application/sdp
Content-Length: @

v=0
`},
	{"3.1.2.8", "white space within the Request-URI", 400, false, `
INVITE sip:user@example.com; lr SIP/2.0
To: sip:user@example.com;tag=3xfe-9921883-z9f
From: sip:caller@example.net;tag=231413434
Max-Forwards: 5
Call-ID: lwsruri.asdfasdoeoi2323-asdfwrn23-asd834rk423
CSeq: 2130706432 INVITE
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKkdjuw2395
Contact: <sip:caller@host1.example.net>
Content-Type: application/sdp
Content-Length: @

v=0
`},
	{"3.1.2.9", "several spaces in the start line", 400, false, `
INVITE  sip:user@example.com  SIP/2.0
Max-Forwards: 8
To: sip:user@example.com
From: sip:caller@example.net;tag=8814
Call-ID: lwsstart.dfknq234oi243099adsdfnawe3@example.com
CSeq: 1893884 INVITE
Via: SIP/2.0/UDP host1.example.com;branch=z9hG4bKkdjuw3923
Contact: <sip:caller@host1.example.net>
Content-Type: application/sdp
Content-Length: @

v=0
`},
	{"3.1.2.10", "spaces at the end of the start line", 400, false, `
OPTIONS sip:remote-target@example.com SIP/2.0  ` + `
Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK299342093
To: <sip:remote-target@example.com>
From: <sip:local-resource@example.com>;tag=329429089
Call-ID: trws.oicu34958239neffasdhr2345r
Accept: application/sdp
CSeq: 238923 OPTIONS
Max-Forwards: 70
Content-Length: 0

`},
	{"3.1.2.11", "headers escaped in a Request-URI", 400, false, `
INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=341518
Max-Forwards: 7
Contact: <sip:caller@host39923.example.net>
Call-ID: escruri.23940-asdfhj-aje3br-234q098w-fawerh2q-h4n5
CSeq: 149209342 INVITE
Via: SIP/2.0/UDP host-of-the-hour.example.com;branch=z9hG4bKkdjuw
Content-Type: application/sdp
Content-Length: @

v=0
`},
	{"3.1.2.12", "another time zone than GMT, which nobody reads", 480, true, `
INVITE sip:user@example.com SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=2234923
Max-Forwards: 70
Call-ID: baddate.239423mnsadf3j23lj42--sedfnm234
CSeq: 1392934 INVITE
Via: SIP/2.0/UDP host.example.com;branch=z9hG4bKkdjuw
Date: Fri, 01 Jan 2010 16:00:00 EST
Contact: <sip:caller@host5.example.net>
Content-Type: application/sdp
Content-Length: @

v=0
`},
	{"3.1.2.13", "name-addr URI parameters without brackets", 405, true, `
REGISTER sip:example.com SIP/2.0
To: sip:user@example.com
From: sip:user@example.com;tag=998332
Max-Forwards: 70
Call-ID: regbadct.k345asrl3fdbv@10.0.0.1
CSeq: 1 REGISTER
Via: SIP/2.0/UDP 135.180.130.133:5060;branch=z9hG4bKkdjuw
Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E
l: 0

`},
	{"3.1.2.14", "spaces within an addr-spec", 0, false, `
OPTIONS sip:user@example.org SIP/2.0
Via: SIP/2.0/UDP host4.example.com:5060;branch=z9hG4bKkdju43234
Max-Forwards: 70
From: "Bell, Alexander" <sip:a.g.bell@example.com>;tag=433423
To: "Watson, Thomas" < sip:t.watson@example.org >
Call-ID: badaspec.sdf0234n2nds0a099u23h3hnnw009cdkne3
Accept: application/sdp
CSeq: 3923239 OPTIONS
l: 0

`},
	{"3.1.2.15", "a display name that is no token", 0, false, `
OPTIONS sip:t.watson@example.org SIP/2.0
Via:     SIP/2.0/UDP c.example.com:5060;branch=z9hG4bKkdjuw
Max-Forwards:      70
From:    Bell, Alexander <sip:a.g.bell@example.com>;tag=43
To:      Watson, Thomas <sip:t.watson@example.org>
Call-ID: baddn.31415@c.example.com
Accept: application/sdp
CSeq:    3923239 OPTIONS
l: 0

`},
	{"3.1.2.16", "an unknown version of the protocol", 505, false, `
OPTIONS sip:t.watson@example.org SIP/7.0
Via:     SIP/7.0/UDP c.example.com;branch=z9hG4bKkdjuw
Max-Forwards:     70
From:    A. Bell <sip:a.g.bell@example.com>;tag=qweoiqpe
To:      T. Watson <sip:t.watson@example.org>
Call-ID: badvers.31417@c.example.com
CSeq:    1 OPTIONS
l: 0

`},
	{"3.1.2.17", "the start line and CSeq name different methods", 400, false, `
OPTIONS sip:user@example.com SIP/2.0
To: sip:j.user@example.com
From: sip:caller@example.net;tag=34525
Max-Forwards: 6
Call-ID: mismatch01.dj0234sxdfl3
CSeq: 8 INVITE
Via: SIP/2.0/UDP host.example.com;branch=z9hG4bKkdjuw
l: 0

`},
	{"3.1.2.18", "the same with an unknown method", 400, false, `
NEWMETHOD sip:user@example.com SIP/2.0
To: sip:j.user@example.com
From: sip:caller@example.net;tag=34525
Max-Forwards: 6
Call-ID: mismatch02.dj0234sxdfl3
CSeq: 8 INVITE
Contact: <sip:caller@host.example.net>
Via: SIP/2.0/UDP host.example.net;branch=z9hG4bKkdjuw
Content-Type: application/sdp
l: @

v=0
`},
	{"3.1.2.19", "an overlarge response code", 0, false, `
SIP/2.0 4294967301 better not break the receiver
Via: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bK2398ndaoe
Call-ID: bigcode.asdof3uj203asdnf3429uasdhfas3ehjasdfas9i
CSeq: 353494 INVITE
From: <sip:user@example.com>;tag=39ansfi3
To: <sip:user@example.edu>;tag=902jndnke3
Content-Length: 0
Contact: <sip:user@host105.example.com>

`},
	{"3.2.1", "a branch of nothing but the magic cookie", 200, true, `
OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: sip:caller@example.org;tag=33242
Max-Forwards: 3
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK
Accept: application/sdp
Call-ID: badbranch.sadonfo23i420jv0as0derf3j3n
CSeq: 8 OPTIONS
l: 0

`},
	{"3.3.1", "mandatory headers are missing", 0, false, `
INVITE sip:user@example.com SIP/2.0
CSeq: 193942 INVITE
Via: SIP/2.0/UDP 192.0.2.95;branch=z9hG4bKkdj.insuf
Content-Type: application/sdp
l: @

v=0
`},
	{"3.3.2", "an unknown URI scheme", 416, false, `
OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=384
Max-Forwards: 3
Call-ID: unkscm.nasdfasser0q239nwsdfasdkl34
CSeq: 3923423 OPTIONS
Via: SIP/2.0/TCP host9.example.com;branch=z9hG4bKkdjuw39234
Content-Length: 0

`},
	{"3.3.3", "a known scheme that is not SIP's", 416, false, `
OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=384
Max-Forwards: 3
Call-ID: novelsc.asdfasser0q239nwsdfasdkl34
CSeq: 3923423 OPTIONS
Via: SIP/2.0/TCP host9.example.com;branch=z9hG4bKkdjuw39235
Content-Length: 0

`},
	{"3.3.4", "unknown schemes in To and Contact", 405, true, `
REGISTER sip:example.com SIP/2.0
To: isbn:2983792873
From: <http://www.example.com>;tag=3234233
Call-ID: unksm2.daksdj@hyphenated-host.example.com
CSeq: 234902 REGISTER
Max-Forwards: 70
Via: SIP/2.0/UDP 192.0.2.21:5060;branch=z9hG4bKkdjuw
Contact: <name:John_Smith>
l: 0

`},
	{"3.3.5", "an extension that nobody understands", 420, true, `
OPTIONS sip:user@example.com SIP/2.0
To: sip:j_user@example.com
From: sip:caller@example.net;tag=242etr
Max-Forwards: 6
Call-ID: bext01.0ha0isndaksdj
Require: nothingSupportsThis, nothingSupportsThisEither
Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis
CSeq: 8 OPTIONS
Via: SIP/2.0/TLS fold-and-staple.example.com;branch=z9hG4bKkdjuw
Content-Length: 0

`},
	{"3.3.6", "an unknown content type", 415, true, `
INVITE sip:user@example.com SIP/2.0
Contact: <sip:caller@host5.example.net>
To: sip:j.user@example.com
From: sip:caller@example.net;tag=8392034
Max-Forwards: 70
Call-ID: invut.0ha0isndaksdjadsfij34n23d
CSeq: 235448 INVITE
Via: SIP/2.0/UDP somehost.example.com;branch=z9hG4bKkdjuw
Content-Type: application/unknownformat
Content-Length: @

<audio>
 <pcmu port="443"/>
</audio>
`},
	{"3.3.7", "an unknown authorisation scheme", 405, true, `
REGISTER sip:example.com SIP/2.0
To: sip:j.user@example.com
From: sip:j.user@example.com;tag=87321hj23128
Max-Forwards: 8
Call-ID: regaut01.0ha0isndaksdj
CSeq: 9338 REGISTER
Via: SIP/2.0/TCP 192.0.2.253;branch=z9hG4bKkdjuw
Authorization: NoOneKnowsThisScheme opaque-data=here
Content-Length:0

`},
	{"3.3.8", "several values in single-value headers", 400, false, `
INVITE sip:user@company.com SIP/2.0
Contact: <sip:caller@host25.example.net>
Via: SIP/2.0/UDP 192.0.2.25;branch=z9hG4bKkdjuw
Max-Forwards: 70
CSeq: 5 INVITE
Call-ID: multi01.98asdh@192.0.2.1
CSeq: 59 INVITE
Call-ID: multi01.98asdh@192.0.2.2
From: sip:caller@example.com;tag=3413415
To: sip:user@example.com
To: sip:other@example.net
From: sip:caller@example.net;tag=2923420123
Content-Type: application/sdp
l: @
Contact: <sip:caller@host36.example.net>
Max-Forwards: 5

v=0
`},
	{"3.3.9", "several Content-Lengths", 400, false, `
OPTIONS sip:user@example.com SIP/2.0
Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bK293423
To: sip:user@example.com
From: sip:other@example.net;tag=3923942
Call-ID: mcl01.fhn2323orihawfdoa3o4r52o3irsdf
CSeq: 15932 OPTIONS
Content-Length: 13
Max-Forwards: 60
Content-Length: 5
Content-Type: text/plain

There's no way to know how many octets are supposed to be here.
`},
	{"3.3.10", "200 to a request that nobody sent, by broadcast Via", 0, true, `
SIP/2.0 200 OK
Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923
Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23
Call-ID: bcast.0384840201234ksdfak3j2erwedfsASdf
CSeq: 35 INVITE
From: sip:user@example.com;tag=11141343
To: sip:user@example.edu;tag=2229
Content-Length: @
Content-Type: application/sdp
Contact: <sip:user@host28.example.com>

v=0
`},
	{"3.3.11", "Max-Forwards of zero, at its goal", 200, true, `
OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=3ghsd41
Call-ID: zeromf.jfasdlfnm2o2l43r5u0asdfas
CSeq: 39234321 OPTIONS
Via: SIP/2.0/UDP host1.example.com;branch=z9hG4bKkdjuw2349i
Max-Forwards: 0
Content-Length: 0

`},
	{"3.3.12", "a Contact parameter in REGISTER", 405, true, `
REGISTER sip:example.com SIP/2.0
Via: SIP/2.0/UDP saturn.example.com:5060;branch=z9hG4bKkdjuw
Max-Forwards: 70
From: sip:watson@example.com;tag=DkfVgjkrtMwaerKKpe
To: sip:watson@example.com
Call-ID: cparam01.70710@saturn.example.com
CSeq: 2 REGISTER
Contact: sip:+19725552222@gw1.example.net;unknownparam
l: 0

`},
	{"3.3.14", "escaped headers in a Contact", 405, true, `
REGISTER sip:example.com SIP/2.0
To: sip:user@example.com
From: sip:user@example.com;tag=8
Max-Forwards: 70
Call-ID: regescrt.k345asrl3fdbv@192.0.2.1
CSeq: 14398234 REGISTER
Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bKkdjuw
M: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>
L:0

`},
	{"3.3.15", "an answer body that nobody knows is wanted", 480, true, `
INVITE sip:user@example.com SIP/2.0
To: sip:j_user@example.com
Contact: <sip:caller@host15.example.net>
From: sip:caller@example.net;tag=234
Max-Forwards: 5
Call-ID: sdp01.ndaksdj9342dasdd
Accept: text/nobodyKnowsThis
CSeq: 8 INVITE
Via: SIP/2.0/UDP host15.example.com;branch=z9hG4bKkdjuw
Content-Length: @
Content-Type: application/sdp

v=0
`},
	// Understood, but sipgo makes no transaction without a tag in From.
	{"3.4.1", "an INVITE of RFC 2543", 400, true, `
INVITE sip:UserB@example.com SIP/2.0
Via: SIP/2.0/UDP iftgw.example.com
From: <sip:+13035551111@ift.client.example.net;user=phone>
Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>
To: sip:+16505552222@ss1.example.net;user=phone
Call-ID: inv2543.1717@ift.client.example.com
CSeq: 56 INVITE
Content-Type: application/sdp

v=0
`},
}

func (m tortureMessage) filled() []byte {
	wire := string(m.wire())
	head, body, _ := strings.Cut(wire, "\r\n\r\n")
	head = strings.Replace(head, ": @", fmt.Sprintf(": %d", len(body)), 1)
	return []byte(head + "\r\n\r\n" + body)
}

// answeredByGuard is the status with which the guard itself answers, 0 if it
// does not.
func answeredByGuard(err error) int {
	var bad *malformed
	if errors.As(err, &bad) && bad.answer() != nil {
		return bad.status
	}
	return 0
}

func TestTortureMessagesAtTheGuard(t *testing.T) {
	t.Parallel()
	for _, m := range torture {
		plain, err := inspect(m.filled())
		if (err == nil) != m.understood {
			t.Errorf("%s %s: %v", m.section, m.name, err)
			continue
		}
		if err != nil {
			if got := answeredByGuard(err); got != m.status {
				t.Errorf("%s %s: answered with %d, want %d (%v)", m.section, m.name, got, m.status, err)
			}
			continue
		}
		// The plain form is a fixed point.
		if again, err := inspect(plain); err != nil || string(again) != string(plain) {
			t.Errorf("%s %s: %v\n%q\n%q", m.section, m.name, err, plain, again)
		}
	}
}

// What the guard lets pass is understood as it was meant.
func TestTortureMessagesAreUnderstood(t *testing.T) {
	t.Parallel()
	parsed := map[string]sipmsg.Message{}
	for _, m := range torture {
		if plain, err := inspect(m.filled()); err == nil {
			if parsed[m.section], err = sipmsg.ParseMessage(plain); err != nil {
				t.Errorf("%s: %v", m.section, err)
			}
		}
	}
	tag := func(p sipmsg.HeaderParams) string { s, _ := p.Get("tag"); return s }
	short := parsed["3.1.1.1"].(*sipmsg.Request)
	if tag(short.From().Params) != "98asjd8" || tag(short.To().Params) != "1918181833n" || short.CSeq().SeqNo != 9 ||
		len(short.GetHeaders("Via")) != 3 || short.Via().Host != "192.0.2.2" || *short.MaxForwards() != 68 ||
		len(short.Body()) < 100 || short.Route().Address.Host != "services.example.com" || short.Contact().Address.User != "jdrosen" {
		t.Errorf("the tortuous INVITE is understood as\n%s", short)
	}
	if q, _ := short.Contact().Params.Get("q"); q != "0.33" {
		t.Errorf("q of Contact is %q", q)
	}
	wide := parsed["3.1.1.2"].(*sipmsg.Request)
	if tag(wide.From().Params) != "_token~1'+`*%!-." || wide.CSeq().SeqNo != 139122385 {
		t.Errorf("the wide range is understood as\n%s", wide)
	}
	if escaped := parsed["3.1.1.3"].(*sipmsg.Request); escaped.Recipient.User != "sips%3Auser%40example.com" || escaped.Recipient.Host != "example.net" {
		t.Errorf("%s", escaped)
	}
	if nulls := parsed["3.1.1.4"].(*sipmsg.Request); len(nulls.GetHeaders("Contact")) != 2 {
		t.Errorf("%s", nulls)
	}
	if percent := parsed["3.1.1.5"].(*sipmsg.Request); percent.Method != "RE%47IST%45R" || len(percent.GetHeaders("Contact")) != 2 {
		t.Errorf("%s", percent)
	}
	if near := parsed["3.1.1.6"].(*sipmsg.Request); near.From().DisplayName != "caller" {
		t.Errorf("%s", near)
	}
	if long := parsed["3.1.1.7"].(*sipmsg.Request); len(long.GetHeaders("Via")) != 15 || len(long.Body()) == 0 {
		t.Errorf("%s", long)
	}
	if double := parsed["3.1.1.8"].(*sipmsg.Request); len(double.Body()) != 0 {
		t.Errorf("%s", double)
	}
	if semi := parsed["3.1.1.9"].(*sipmsg.Request); semi.Recipient.User != "user;par=u%40example.net" {
		t.Errorf("%s", semi)
	}
	if res := parsed["3.1.1.12"].(*sipmsg.Response); res.StatusCode != 200 || len(res.Body()) == 0 {
		t.Errorf("%s", res)
	}
}

// All of them on the socket of a phone that is in a call.
func TestTortureMessagesInACall(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	d, l := place(t, s, s.connect(), legs)
	there := <-s.conns
	for _, m := range torture {
		if err := there.Send(m.filled()); err != nil {
			t.Fatalf("%s %s: %v", m.section, m.name, err)
		}
		if m.status != 0 {
			select {
			case line := <-s.answers:
				if !strings.HasPrefix(line, fmt.Sprintf("SIP/2.0 %d ", m.status)) {
					t.Errorf("%s %s: answered with %s, want %d", m.section, m.name, line, m.status)
				}
			case <-time.After(patience):
				t.Errorf("%s %s: not answered", m.section, m.name)
			}
		}
		if err := d.Info(limited(t), "text/plain", "x"); err != nil {
			t.Fatalf("after %s %s: %v", m.section, m.name, err)
		}
		l.expect(sipmsg.INFO)
	}
	select {
	case line := <-s.answers:
		t.Errorf("an answer too many: %s", line)
	default:
	}
	if err := d.Hangup(limited(t)); err != nil {
		t.Error(err)
	}
}

func FuzzInspect(f *testing.F) {
	for _, m := range torture {
		f.Add(m.filled())
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		plain, err := inspect(message)
		if err != nil {
			var bad *malformed
			if errors.As(err, &bad) {
				if answer := bad.answer(); answer != nil {
					if _, err := inspect(answer); err != nil {
						t.Fatalf("the answer is itself refused: %v\n%q", err, answer)
					}
				}
			}
			return
		}
		m, err := sipmsg.ParseMessage(plain)
		if err != nil {
			t.Fatalf("sipgo does not understand what the guard let pass: %v", err)
		}
		if m.Via() == nil || m.CSeq() == nil || m.From() == nil || m.To() == nil || m.CallID() == nil {
			t.Fatalf("a mandatory header is unreadable in %q", plain)
		}
		if req, ok := m.(*sipmsg.Request); ok && !req.IsAck() {
			answer := sipmsg.NewResponseFromRequest(req, 486, "Busy Here", nil).String()
			if _, err := inspect([]byte(answer)); err != nil {
				t.Fatalf("the answer cannot be understood: %v\n%q\n%q", err, plain, answer)
			}
		}
		again, err := inspect(plain)
		if err != nil {
			t.Fatalf("the plain form is refused: %v\n%q", err, plain)
		}
		if string(again) != string(plain) {
			t.Fatalf("the plain form is not plain:\n%q\n%q", plain, again)
		}
	})
}
