//go:build unix

package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A scenario of sipp, from a few words for each step.

const sippTag = ";tag=[pid]sipp[call_number]"

const sippSDP = `v=0
o=sipp 1 %d IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [%s] RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=%s
`

func description(version int, direction string) string {
	return fmt.Sprintf(sippSDP, version, "media_port", direction)
}

// streamed is a description for what rtp_stream plays.
func streamed() string { return fmt.Sprintf(sippSDP, 1, "rtpstream_audio_port", "sendrecv") }

func message(start, headers, body string) string {
	kind := ""
	if body != "" && !strings.Contains(headers, "Content-Type:") {
		kind = "Content-Type: application/sdp\n"
	}
	return "<![CDATA[\n" + start + "\n" + headers + kind + "Content-Length: [len]\n\n" + body + "]]>"
}

const sippContact = "Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>\n"

// first is what an INVITE that begins a call is taken in with: it keeps who the
// caller is.
func first(more string) string {
	return `<recv request="INVITE" crlf="true"><action>
<ereg regexp=".*" search_in="hdr" header="From:" assign_to="from"/>
<ereg regexp=".*" search_in="hdr" header="To:" assign_to="to"/>
<ereg regexp="sip:[^>]*" search_in="hdr" header="Contact:" assign_to="target"/>
<ereg regexp="[0-9]+" search_in="hdr" header="CSeq:" assign_to="seq"/>` + more + `</action></recv>
`
}

func recv(what string) string {
	if what[0] >= '0' && what[0] <= '9' {
		return fmt.Sprintf("<recv response=\"%s\"/>\n", what)
	}
	return fmt.Sprintf("<recv request=\"%s\"/>\n", what)
}

// soon takes in what may come or not, before what follows.
func soon(what string) string {
	if what[0] >= '0' && what[0] <= '9' {
		return fmt.Sprintf("<recv response=\"%s\" optional=\"true\"/>\n", what)
	}
	return fmt.Sprintf("<recv request=\"%s\" optional=\"true\"/>\n", what)
}

// cancelled takes in what comes of a CANCEL and its INVITE, two transactions whose
// answers may overtake each other.
const cancelled = `<recv response="487" optional="true" next="1"/>
<recv response="200"/>
<recv response="487" next="2"/>
<label id="1"/>
<recv response="200"/>
<label id="2"/>
`

// answer answers the first INVITE; extra are headers.
func answer(status, extra, body string) string {
	retrans, contact := "", sippContact
	if status[0] >= '2' {
		retrans = ` retrans="500"`
	}
	if status[0] >= '3' {
		contact = "" // a redirection names its own
	}
	return "<send" + retrans + ">" + message("SIP/2.0 "+status, "[last_Via:]\n[last_From:]\n[last_To:]"+sippTag+"\n[last_Call-ID:]\n[last_CSeq:]\n[last_Record-Route:]\n"+contact+extra, body) + "</send>\n"
}

// inside answers what came inside the dialog.
func inside(status, body string) string {
	return "<send>" + message("SIP/2.0 "+status, "[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\n[last_Record-Route:]\n"+sippContact, body) + "</send>\n"
}

// request sends a request inside the dialog that the phone began.
func request(method string, seq int, extra, body string) string {
	retrans := ` retrans="500"`
	if method == "ACK" {
		retrans = ""
	}
	return "<send" + retrans + ">" + message(method+" [$target] SIP/2.0",
		fmt.Sprintf("Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\nFrom:[$to]%s\nTo:[$from]\nCall-ID: [call_id]\nCSeq: %d %s\nMax-Forwards: 70\n%s%s", sippTag, seq, method, sippContact, extra), body) + "</send>\n"
}

func pause(d time.Duration) string {
	return fmt.Sprintf("<pause milliseconds=\"%d\"/>\n", d.Milliseconds())
}

const used = `<Reference variables="from,to,target,seq"/>` + "\n"

// sipp runs a scenario for one call, at the port that Kamailio sends the user
// sipp to.
func (b *bench) sipp(k *kamailio, scenario ...string) (*process, error) {
	return b.sippFor(k, 1, scenario...)
}

// sippFor is sipp for several calls.
func (b *bench) sippFor(k *kamailio, calls int, scenario ...string) (*process, error) {
	dir := b.folder("sipp")
	file := filepath.Join(dir, "scenario.xml")
	text := "<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n<!DOCTYPE scenario SYSTEM \"sipp.dtd\">\n<scenario name=\"offhook\">\n" + strings.Join(scenario, "") + "</scenario>\n"
	if strings.Contains(text, "assign_to=\"from\"") {
		text = strings.Replace(text, "</scenario>", used+"</scenario>", 1)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "tone.ul"), muLawTone(peerTone, 5*time.Second), 0o600); err != nil {
		return nil, err
	}
	return b.runSIPp(k, dir, "-sf", file, "-m", strconv.Itoa(calls))
}

func (b *bench) runSIPp(k *kamailio, dir string, args ...string) (*process, error) {
	media, err := b.ports(1)
	if err != nil {
		return nil, err
	}
	args = append(args, "-i", "127.0.0.1", "-p", fmt.Sprint(k.sipp), "-nostdin", "-rtp_echo", "-mi", "127.0.0.1", "-mp", fmt.Sprint(media[0]&^1),
		"-timeout", "60s", "-timeout_error", "-trace_msg", "-message_file", filepath.Join(dir, "messages.log"), "-trace_err", "-error_file", filepath.Join(dir, "errors.log"), fmt.Sprintf("127.0.0.1:%d", k.sip))
	return b.start(dir, []string{"TERM=dumb"}, "sipp", args...)
}

// sippDone waits for sipp's verdict.
func sippDone(p *process) error {
	select {
	case <-p.done:
	case <-time.After(70 * time.Second):
		return fmt.Errorf("sipp goes on")
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		raw, _ := os.ReadFile(filepath.Join(p.cmd.Dir, "errors.log"))
		return fmt.Errorf("sipp ended with %d: %s", code, tail(string(raw), 400))
	}
	return nil
}

// muLawTone is a sine at half of full scale as raw PCMU.
func muLawTone(hz float64, length time.Duration) []byte {
	out := make([]byte, int(length.Seconds()*8000))
	for i := range out {
		out[i] = muLaw(int(16384 * math.Sin(2*math.Pi*hz*float64(i)/8000)))
	}
	return out
}

// muLaw encodes one sample (G.711).
func muLaw(v int) byte {
	sign := 0
	if v < 0 {
		v, sign = -v, 0x80
	}
	v = min(v, 32635) + 132
	exponent := 7
	for mask := 0x4000; exponent > 0 && v&mask == 0; mask >>= 1 {
		exponent--
	}
	return byte(^(sign | exponent<<4 | v>>(exponent+3)&0x0f))
}
