//go:build unix

package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

func main() {
	os.Exit(run())
}

func run() int {
	b := &bench{}
	only := flag.String("run", "", "only rows of which `PEER: STORY` matches this regular expression")
	document := flag.String("doc", "", "the document whose table is to be written, such as docs/interop.md")
	flag.StringVar(&b.bin, "bin", "bin", "the `folder` of offhook and offhook-demo")
	flag.BoolVar(&b.keep, "keep", false, "keep the folder with logs and descriptions")
	flag.Parse()
	wanted, err := regexp.Compile(*only)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	if b.bin, err = filepath.Abs(b.bin); err == nil {
		b.dir, err = os.MkdirTemp("", "offhook-interop-")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if b.keep {
		fmt.Println("logs are in", b.dir)
	} else {
		defer os.RemoveAll(b.dir)
	}
	if err := b.bundle(); err != nil {
		b.why = "no web phone: " + strings.Join(strings.Fields(err.Error()), " ")
	}
	var results []result
	failed, absent := 0, 0
	for _, r := range rows() {
		if !wanted.MatchString(r.peer + ": " + r.what) {
			continue
		}
		result := r.try(b)
		results = append(results, result)
		fmt.Printf("%-8s  %s: %s (%.1f s)", result.verdict, r.peer, r.what, result.took.Seconds())
		if result.reason != "" {
			fmt.Printf("\n          %s", result.reason)
		}
		fmt.Println()
		switch result.verdict {
		case "fail":
			failed++
		case "not here":
			absent++
		}
	}
	if *document != "" {
		if err := insert(*document, markdown(results, versions())); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	fmt.Printf("%d rows, %d failed, %d not tried\n", len(results), failed, absent)
	if len(results) == 0 || failed+absent > 0 {
		return 1
	}
	return 0
}

// rows are all stories, in the order of the table.
func rows() []row {
	var all []row
	all = append(all, webRows("Kamailio over WS, JsSIP in Chromium", false, false)...)
	all = append(all, webRows("Kamailio over WSS, JsSIP in Chromium", true, false)...)
	all = append(all, webRows("the same through rtpengine", false, true, "rtpengine")...)
	all = append(all, baresipRows()...)
	all = append(all, linphoneRows()...)
	all = append(all, sippRows()...)
	all = append(all, coturnRows()...)
	all = append(all, platformRows()...)
	return all
}

// versions names the peers' versions as the packages have them.
func versions() string {
	var all []string
	for _, p := range []string{"kamailio", "rtpengine-daemon", "baresip-core", "sip-tester", "coturn", "chromium", "linphone-cli"} {
		if out, err := exec.Command("dpkg-query", "-W", "-f=${Version}", p).Output(); err == nil && len(out) > 0 {
			all = append(all, p+" "+strings.SplitN(string(out), "-", 2)[0])
		}
	}
	return strings.Join(append(all, strings.Replace(jssip, "@", " ", 1)), ", ")
}

var notWords = regexp.MustCompile(`\W+`)

// keepSDP keeps a description beside the logs.
func (b *bench) keepSDP(name, sdp string) {
	text := strings.ReplaceAll(strings.ReplaceAll(sdp, "\r\n", "\n"), "\n", "\r\n")
	_ = os.WriteFile(filepath.Join(b.dir, notWords.ReplaceAllString(name, "-")+".sdp"), []byte(text), 0o644)
}

// collect keeps the descriptions that came to a server.
func (b *bench) collect(peer, what string, k *kamailio) {
	if b.keep {
		for i, d := range k.descriptions() {
			b.keepSDP(fmt.Sprintf("%s %s %02d %s", peer, what, i, d[0]), d[1])
		}
	}
}

// collectWeb keeps those that came to the web phone: what a server on the way has
// made of the phone's.
func (b *bench) collectWeb(peer, what string, w *webPhone) {
	var s webSeen
	if !b.keep || w.call(&s, "seen") != nil {
		return
	}
	for i, o := range s.Offers {
		b.keepSDP(fmt.Sprintf("%s %s web %02d %s %s", peer, what, i, o.Who, o.Type), o.SDP)
	}
}
