package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"offhook/app/profile"
	"offhook/internal/help"
	"offhook/voice/audio"
)

// options are the command line of the phone.
type options struct {
	demo, headless, version            bool
	allowClearText                     bool
	policySchema                       bool
	profile, configDir                 string
	server, account, user, displayName string
	passwordFile                       string
	sipAccount, sipServer, sipMedia    string
	iceServer, iceUser, icePassword    string
	relayOnly, sipICE                  bool
	audioIn, audioOut, ringOut         string
	logLevelGiven                      bool
	logLevel                           slog.Level
	provision                          string
	demoListen                         string
	link                               string
}

// parseFlags reads the command line. It returns flag.ErrHelp after --help.
func parseFlags(args []string, help io.Writer) (options, error) {
	var o options
	level := ""
	fs := flag.NewFlagSet("offhook", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.BoolVar(&o.demo, "demo", false, "run with the embedded demo platform and sign in as alice")
	fs.StringVar(&o.demoListen, "demo-listen", "127.0.0.1:0", "with --demo, the `address` of the platform")
	fs.BoolVar(&o.headless, "headless", !whole, "run without a window")
	fs.BoolVar(&o.version, "version", false, "print the version")
	fs.StringVar(&o.profile, "profile", "", "the `name` of the profile: two phones run side by side under two names")
	fs.StringVar(&o.configDir, "config-dir", "", "the `folder` of the profiles")
	fs.StringVar(&o.server, "server", "", "the application backend's `URL`")
	fs.BoolVar(&o.allowClearText, "allow-clear-text", false, "let the account of this command line go without encryption to another computer: passwords and calls can be read on the way")
	fs.StringVar(&o.account, "account", "", "the account `SID`")
	fs.StringVar(&o.user, "user", "", "the user `name`")
	fs.StringVar(&o.passwordFile, "password-file", "", "sign in with the password in this `file`; - is the standard input")
	fs.StringVar(&o.displayName, "display-name", "", "the `name` that callees see")
	fs.StringVar(&o.sipAccount, "sip-account", "", "use a SIP account, `USER@DOMAIN`, in place of a subscriber; without --sip-server one that is there already")
	fs.StringVar(&o.sipServer, "sip-server", "", "the SIP account's `server`: ws, wss, tls, tcp or udp://HOST:PORT")
	fs.StringVar(&o.sipMedia, "sip-media", "", "how the SIP account's sound travels: webrtc, rtp or srtp (`KIND`); webrtc over ws and wss, else rtp")
	fs.StringVar(&o.iceServer, "ice-server", "", "the SIP account's STUN or TURN server, such as turn:HOST:PORT?transport=tcp (`URL`)")
	fs.StringVar(&o.iceUser, "ice-user", "", "the user `name` at the TURN server")
	fs.StringVar(&o.icePassword, "ice-password-file", "", "the `file` with the password at the TURN server")
	fs.BoolVar(&o.sipICE, "sip-ice", false, "offer ICE with the SIP account's plain RTP (rtp, srtp)")
	fs.BoolVar(&o.relayOnly, "relay-only", false, "send the SIP account's sound through the TURN server and no other way")
	fs.StringVar(&o.audioIn, "audio-in", "", "the microphone: default, device:NAME, file:speech.wav, sine:440 or null (`SPEC`)")
	fs.StringVar(&o.audioOut, "audio-out", "", "the loudspeaker: default, device:NAME, file:heard.wav or null (`SPEC`)")
	fs.StringVar(&o.ringOut, "ring-out", "", "what rings, as the loudspeaker (`SPEC`)")
	fs.StringVar(&o.provision, "provision", "", "an administrator's policy: a `file` or an https URL")
	fs.BoolVar(&o.policySchema, "policy-schema", false, "print the JSON schema of a policy")
	fs.StringVar(&level, "log-level", "", "debug, info, warn or error (`LEVEL`); the settings' level, else info")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			printHelp(help, fs)
		}
		return o, err
	}
	if fs.NArg() > 1 {
		return o, fmt.Errorf("one link at most, got %q", fs.Args())
	}
	o.link = fs.Arg(0)
	if o.link != "" && !strings.Contains(o.link, ":") {
		return o, fmt.Errorf("%q is no tel: or sip: link", o.link)
	}
	if o.logLevelGiven = level != ""; !o.logLevelGiven {
		level = "info"
	}
	if err := o.logLevel.UnmarshalText([]byte(level)); err != nil {
		return o, fmt.Errorf("--log-level is debug, info, warn or error, not %q", level)
	}
	if o.profile == "" {
		o.profile = profile.Default
		if o.demo {
			o.profile = profile.Demo
		}
	}
	if err := profile.Check(o.profile); err != nil {
		return o, err
	}
	for name, spec := range map[string]string{"--audio-in": o.audioIn, "--audio-out": o.audioOut, "--ring-out": o.ringOut} {
		if _, err := audio.ParseSpec(spec); err != nil {
			return o, fmt.Errorf("%s: %s", name, sentence(err))
		}
	}
	switch {
	case o.sipAccount == "" && o.sipServer != "":
		return o, errors.New("--sip-server belongs to --sip-account")
	case o.sipAccount != "" && o.sipServer == "" && o.passwordFile == "":
		return o, errors.New("--sip-account wants --sip-server, or for an account that is there already --password-file")
	case o.sipAccount != "" && !validAccount(o.sipAccount):
		return o, fmt.Errorf("--sip-account is USER@DOMAIN, not %q", o.sipAccount)
	case o.sipAccount == "" && (o.iceServer != "" || o.iceUser != "" || o.icePassword != "" || o.relayOnly):
		return o, errors.New("--ice-server, --ice-user, --ice-password-file and --relay-only belong to --sip-account")
	case o.iceServer == "" && (o.iceUser != "" || o.icePassword != "" || o.relayOnly):
		return o, errors.New("--ice-user, --ice-password-file and --relay-only belong to --ice-server")
	case o.sipICE && o.sipAccount == "":
		return o, errors.New("--sip-ice belongs to --sip-account")
	case o.sipMedia != "" && o.sipAccount == "":
		return o, errors.New("--sip-media belongs to --sip-account")
	case o.sipMedia != "" && o.sipMedia != "webrtc" && o.sipMedia != "rtp" && o.sipMedia != "srtp":
		return o, fmt.Errorf("--sip-media is webrtc, rtp or srtp, not %q", o.sipMedia)
	case o.sipAccount != "" && (o.user != "" || o.demo):
		return o, errors.New("--password-file is for one: a SIP account or a subscriber; add the other in the settings")
	case o.demo && o.server != "":
		return o, errors.New("--demo has a server of its own")
	}
	return o, nil
}

func validAccount(account string) bool {
	user, domain, ok := strings.Cut(account, "@")
	return ok && user != "" && domain != "" && !strings.ContainsAny(domain, "@ ")
}

func printHelp(w io.Writer, fs *flag.FlagSet) {
	fmt.Fprint(w, "Usage: offhook [flags] [LINK]\n       offhook ctl [flags] COMMAND [ARGUMENT]\n\n"+
		"Offhook is a softphone. LINK is a tel: or sip: link to call.\noffhook ctl --help tells how to work a running phone.\n\nFlags:\n")
	help.Flags(w, fs)
}
