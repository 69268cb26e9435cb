package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"offhook/app/profile"
	"offhook/app/settings"
	"offhook/internal/cmdline"
	"offhook/voice/audio"
)

// options are the command line of the phone.
type options struct {
	Demo            bool   `help:"run with the embedded demo platform and sign in as alice"`
	DemoListen      string `placeholder:"ADDRESS" default:"127.0.0.1:0" help:"with --demo, the address of the platform"`
	Hidden          bool   `help:"start in the tray, without showing the window, as at login"`
	Headless        bool   `help:"run without a window; drive the phone with offhook ctl"`
	Version         bool   `help:"print the version, and end"`
	Profile         string `placeholder:"NAME" help:"the name of the profile: two phones run side by side under two names"`
	ConfigDir       string `placeholder:"FOLDER" help:"the folder of the profiles"`
	Server          string `placeholder:"URL" help:"the application backend's URL, or several that stand for each other, separated by commas"`
	AllowClearText  bool   `help:"let the account of this command line go without encryption to another computer: passwords and calls can be read on the way"`
	Account         string `placeholder:"SID" help:"the account's SID"`
	User            string `placeholder:"NAME" help:"the user name"`
	PasswordFile    string `placeholder:"FILE" help:"sign in with the password in this file; - is the standard input"`
	DisplayName     string `placeholder:"NAME" help:"the name that callees see"`
	SIPAccount      string `name:"sip-account" placeholder:"USER@DOMAIN" help:"use a SIP account in place of a subscriber; without --sip-server one that is there already"`
	SIPServer       string `name:"sip-server" placeholder:"SERVER" help:"the SIP account's server: ws, wss, tls, tcp or udp://HOST:PORT"`
	SIPMedia        string `name:"sip-media" placeholder:"KIND" help:"how the SIP account's sound travels: webrtc, rtp or srtp; webrtc over ws and wss, else rtp"`
	SIPAuthUser     string `name:"sip-auth-user" placeholder:"NAME" help:"the user name for the SIP account's password, where it is another"`
	SIPProxy        string `name:"sip-proxy" placeholder:"SERVER" help:"the outbound proxy of the SIP account, of the form of --sip-server"`
	SIPTransfers    string `name:"sip-transfers" placeholder:"RULE" help:"what becomes of a caller who wants to transfer this phone: ask, follow or refuse"`
	SIPAutoAnswer   bool   `name:"sip-auto-answer" help:"let the SIP account's server have calls answered by themselves, as an intercom does"`
	SIPICE          bool   `name:"sip-ice" help:"offer ICE with the SIP account's plain RTP (rtp, srtp)"`
	ICEServer       string `name:"ice-server" placeholder:"URL" help:"the SIP account's STUN or TURN server, such as turn:HOST:PORT?transport=tcp"`
	ICEUser         string `name:"ice-user" placeholder:"NAME" help:"the user name at the TURN server"`
	ICEPasswordFile string `name:"ice-password-file" placeholder:"FILE" help:"the file with the password at the TURN server"`
	RelayOnly       bool   `help:"send the SIP account's sound through the TURN server and no other way"`
	AudioIn         string `placeholder:"SPEC" help:"the microphone: default, device:NAME, file:speech.wav, sine:440 or null"`
	AudioOut        string `placeholder:"SPEC" help:"the loudspeaker: default, device:NAME, file:heard.wav or null"`
	RingOut         string `placeholder:"SPEC" help:"what rings, as the loudspeaker"`
	Provision       string `placeholder:"FILE-OR-URL" help:"an administrator's policy: a file or an https URL"`
	PolicySchema    bool   `help:"print the JSON schema of a policy, and end"`
	Completion      string `placeholder:"SHELL" help:"print what bash, zsh, fish or powershell reads to complete commands and flags, and end"`
	Manual          bool   `help:"print the manual page, and end: offhook --manual | man -l -"`
	Level           string `name:"log-level" placeholder:"LEVEL" help:"debug, info, warn or error; the settings' level, else info"`
	Link            string `arg:"" optional:"" help:"a tel: or sip: link to call"`

	windowless    bool // --headless was given
	logLevelGiven bool
	logLevel      slog.Level
}

func declare(o *options) *cmdline.Program {
	return cmdline.New("offhook", "Offhook is a softphone. LINK is a tel: or sip: link to call.\noffhook ctl --help tells how to drive a running phone.", o)
}

// parseFlags reads the command line. It returns cmdline.ErrHelp after --help.
func parseFlags(args []string, help io.Writer) (options, error) {
	var o options
	if _, _, err := declare(&o).Parse(args, help); err != nil {
		return o, err
	}
	o.windowless, o.Headless = o.Headless, o.Headless || !whole
	if o.Link != "" && !strings.Contains(o.Link, ":") {
		return o, fmt.Errorf("%q is no tel: or sip: link", o.Link)
	}
	level := o.Level
	if o.logLevelGiven = level != ""; !o.logLevelGiven {
		level = "info"
	}
	if err := o.logLevel.UnmarshalText([]byte(level)); err != nil {
		return o, fmt.Errorf("--log-level is debug, info, warn or error, not %q", level)
	}
	if o.Profile == "" {
		o.Profile = profile.Default
		if o.Demo {
			o.Profile = profile.Demo
		}
	}
	if err := profile.Check(o.Profile); err != nil {
		return o, err
	}
	for name, spec := range map[string]string{"--audio-in": o.AudioIn, "--audio-out": o.AudioOut, "--ring-out": o.RingOut} {
		if _, err := audio.ParseSpec(spec); err != nil {
			return o, fmt.Errorf("%s: %s", name, sentence(err))
		}
	}
	switch {
	case o.Completion != "" && !slices.Contains(strings.Split(cmdline.Shells, ","), o.Completion):
		return o, fmt.Errorf("--completion is for %s, not for %q", strings.ReplaceAll(cmdline.Shells, ",", ", "), o.Completion)
	case o.SIPAccount == "" && o.SIPServer != "":
		return o, errors.New("--sip-server belongs to --sip-account")
	case o.SIPAccount != "" && o.SIPServer == "" && o.PasswordFile == "":
		return o, errors.New("--sip-account wants --sip-server, or for an account that is there already --password-file")
	case o.SIPAccount != "" && !validAccount(o.SIPAccount):
		return o, fmt.Errorf("--sip-account is USER@DOMAIN, not %q", o.SIPAccount)
	case o.SIPAccount == "" && (o.ICEServer != "" || o.ICEUser != "" || o.ICEPasswordFile != "" || o.RelayOnly):
		return o, errors.New("--ice-server, --ice-user, --ice-password-file and --relay-only belong to --sip-account")
	case o.ICEServer == "" && (o.ICEUser != "" || o.ICEPasswordFile != "" || o.RelayOnly):
		return o, errors.New("--ice-user, --ice-password-file and --relay-only belong to --ice-server")
	case o.SIPICE && o.SIPAccount == "":
		return o, errors.New("--sip-ice belongs to --sip-account")
	case o.SIPAccount == "" && (o.SIPAuthUser != "" || o.SIPProxy != "" || o.SIPTransfers != "" || o.SIPAutoAnswer):
		return o, errors.New("--sip-auth-user, --sip-proxy, --sip-transfers and --sip-auto-answer belong to --sip-account")
	case o.SIPTransfers != "" && o.SIPTransfers != settings.TransfersAsk && o.SIPTransfers != settings.TransfersFollow && o.SIPTransfers != settings.TransfersRefuse:
		return o, fmt.Errorf("--sip-transfers is ask, follow or refuse, not %q", o.SIPTransfers)
	case o.SIPMedia != "" && o.SIPAccount == "":
		return o, errors.New("--sip-media belongs to --sip-account")
	case o.SIPMedia != "" && o.SIPMedia != "webrtc" && o.SIPMedia != "rtp" && o.SIPMedia != "srtp":
		return o, fmt.Errorf("--sip-media is webrtc, rtp or srtp, not %q", o.SIPMedia)
	case o.SIPAccount != "" && (o.User != "" || o.Demo):
		return o, errors.New("--password-file is for one: a SIP account or a subscriber; add the other in the settings")
	case o.Demo && o.Server != "":
		return o, errors.New("--demo has a server of its own")
	}
	return o, nil
}

func validAccount(account string) bool {
	user, domain, ok := strings.Cut(account, "@")
	return ok && user != "" && domain != "" && !strings.ContainsAny(domain, "@ ")
}
