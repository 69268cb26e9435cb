// Package sipaccount is the line of a SIP account: it registers at its server, is
// called by INVITEs, and hears of voice messages.
package sipaccount

import (
	"crypto/sha1"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/pion/stun/v4"

	"offhook/voice/cleartext"
	"offhook/voice/codec"
	"offhook/voice/dialplan"
	"offhook/voice/display"
	"offhook/voice/fault"
	"offhook/voice/line"
	"offhook/voice/media"
)

// Account is a line at any SIP server, which registers and is called there.
// The web client of the reference is one (section 7): its userName and authUser
// are User and AuthUser, sipdomain is Domain, security://domain:port/endpoint
// is Server, secret is Password. It prints and logs without its password.
type Account struct {
	// ID names the line in CallDetails.Line and in LineChanged; USER@DOMAIN if it
	// is empty.
	ID string
	// Server is where the line connects to: ws, wss, tcp, tls or
	// udp://HOST[:PORT], for a WebSocket with its path.
	Server string
	// OutboundProxy, of the same form, is connected to in place of Server, which
	// then only has its name.
	OutboundProxy string
	// User is the user part of the line's address; Domain its host, and that of
	// numbers that are dialled, Server's if it is empty.
	User, Domain string
	// AuthUser is the digest's user name, User if it is empty. Password is a
	// secret.
	AuthUser, Password string
	// DisplayName is what callees may be shown, "" for none.
	DisplayName string
	// Expires is how long a registration is asked for; 300 s if it is 0.
	Expires time.Duration
	// Media is how sound travels, Codecs what is offered in which order: all if
	// it is empty. ICEServers are used by WebRTC, and by ICE with plain RTP.
	Media      line.MediaKind
	Codecs     []string
	ICEServers []media.ICEServer
	// RelayOnly lets WebRTC tell only addresses at the turn: servers, so that no
	// callee learns where this machine is. Plain RTP, which has no such way, is
	// refused then.
	RelayOnly bool
	// OfferICE offers ICE with plain RTP, too, which makes descriptions longer than
	// some old servers like. A caller's offer that has it gets it in any case.
	OfferICE bool
	// RetryPlainRTP lets a call whose offer of SRTP was refused (415, 488 or 606) be
	// tried once more with RTP in clear text.
	RetryPlainRTP bool
	// Anonymous keeps the caller's name and number from every callee.
	Anonymous bool
	// AutoAnswer lets callers ask for an answer by itself, as an intercom does
	// (CallDetails.AutoAnswer); without it they ring.
	AutoAnswer bool
	// Transfers says what becomes of a far side's wish to hand this phone to
	// somebody else; it is followed if nothing is said.
	Transfers TransferRule
	// ThroughProxy connects over tls and tcp as the HTTP client does, through the
	// network's proxy. Over ws and wss that goes without saying, and UDP has none.
	// The proxy then looks up the server's name, so that SRV records are not asked
	// for.
	ThroughProxy bool
	// AllowClearText lets signalling without encryption reach beyond this
	// machine.
	AllowClearText bool
}

// String hides the password.
func (a Account) String() string { return a.User + "@" + a.Domain + " at " + a.Server }

// GoString hides the password from %#v.
func (a Account) GoString() string { return "sipaccount.Account{" + a.String() + "}" }

// LogValue hides the password from structured logs.
func (a Account) LogValue() slog.Value { return slog.StringValue(a.String()) }

// Check says why an account can't be used, as far as that is known without its
// server.
func (a Account) Check() error {
	_, err := a.Checked()
	return err
}

// Checked returns the account with its defaults. What only voice/sip can judge is
// judged there.
func (a Account) Checked() (Account, error) {
	invalid := func(code string, args ...any) (Account, error) {
		return Account{}, fault.New(fault.ConfigurationInvalid, code, args...)
	}
	u, err := url.Parse(a.Server)
	if err != nil || u.Hostname() == "" {
		return invalid("line.bad-server")
	}
	if a.Domain == "" {
		a.Domain = u.Hostname()
	}
	if a.User == "" {
		return invalid("line.no-user")
	}
	if strings.ContainsAny(a.User+a.Domain, " <>\"@") || !display.Showable(a.User, 64) || !display.Showable(a.Domain, 255) {
		return invalid("line.bad-address")
	}
	if a.ID == "" {
		a.ID = a.User + "@" + a.Domain
	}
	if !display.Showable(a.ID, 128) {
		return invalid("line.bad-id")
	}
	switch a.Media {
	case line.MediaAuto, line.MediaWebRTC, line.MediaRTP, line.MediaSRTP:
	default:
		return invalid("line.bad-media", strconv.Quote(string(a.Media)))
	}
	switch a.Transfers {
	case "", TransfersFollow, TransfersAsk, TransfersRefuse:
	default:
		return invalid("line.bad-transfers", strconv.Quote(string(a.Transfers)))
	}
	for _, name := range a.Codecs {
		if _, ok := codec.Lookup(name); !ok {
			return invalid("line.bad-codec", strconv.Quote(name), strings.Join(codec.Names(), ", "))
		}
	}
	relays := false
	for _, s := range a.ICEServers {
		for _, raw := range s.URLs {
			uri, err := stun.ParseURI(raw)
			if err != nil {
				return invalid("line.bad-ice-server")
			}
			relayed := uri.Scheme == stun.SchemeTypeTURN || uri.Scheme == stun.SchemeTypeTURNS
			if relayed && (s.Username == "" || s.Credential == "") {
				return invalid("line.turn-needs-password")
			}
			relays = relays || relayed
		}
	}
	if a.RelayOnly && !relays {
		return invalid("line.no-turn-server")
	}
	if a.RelayOnly && (a.Media == line.MediaRTP || a.Media == line.MediaSRTP) {
		return invalid("line.turn-needs-webrtc")
	}
	if a.RelayOnly {
		a.Media = line.MediaWebRTC
	}
	if scheme, _ := a.server(); a.ThroughProxy && scheme == "udp" {
		return invalid("line.udp-through-proxy")
	}
	if a.Expires < 0 || a.Expires > 24*time.Hour {
		return invalid("line.bad-expires")
	}
	return a, nil
}

// Plan is how numbers are meant on the account.
func (a Account) Plan() dialplan.Line {
	l := dialplan.Line{SIP: true, Hosts: []string{a.Domain}}
	for _, server := range []string{a.Server, a.OutboundProxy} {
		if u, err := url.Parse(server); err == nil && u.Host != "" {
			l.Hosts = append(l.Hosts, u.Host)
		}
	}
	return l
}

// connectsTo is the address that the line connects to.
func (a Account) connectsTo() string {
	if a.OutboundProxy != "" {
		return a.OutboundProxy
	}
	return a.Server
}

// server takes connectsTo apart.
func (a Account) server() (scheme, host string) {
	u, err := url.Parse(a.connectsTo())
	if err != nil {
		return "", ""
	}
	return strings.ToLower(u.Scheme), u.Hostname()
}

// KeepsSecrets reports whether signalling carries keys that nobody else can read.
func (a Account) KeepsSecrets() bool {
	scheme, host := a.server()
	return scheme == "wss" || scheme == "tls" || cleartext.Loopback(host)
}

// OutgoingMedia is the kind of sound that is offered.
func (a Account) OutgoingMedia() line.MediaKind {
	if a.Media != line.MediaAuto {
		return a.Media
	}
	switch scheme, _ := a.server(); scheme {
	case "ws", "wss":
		return line.MediaWebRTC
	case "tls":
		return line.MediaSRTP // who hides what is said about a call hides the call
	}
	return line.MediaRTP
}

// IncomingMedia is the kind of sound for an offer, "" for one that the account
// must not take.
func (a Account) IncomingMedia(offer string) line.MediaKind {
	if offer == "" {
		return a.OutgoingMedia()
	}
	kinds := []line.MediaKind{a.Media}
	if a.Media == line.MediaAuto {
		kinds = []line.MediaKind{line.MediaWebRTC, line.MediaRTP}
	}
	for _, k := range kinds {
		transport, cfg := media.RTP, media.Config{Codecs: a.Codecs}
		switch k {
		case line.MediaWebRTC:
			transport = media.WebRTC
		case line.MediaSRTP:
			cfg.SDES = media.SDESRequire
		}
		if media.Acceptable(offer, transport, cfg) == nil {
			return k
		}
	}
	return ""
}

// instanceID names this installation to registrars (RFC 5626, section 4.1). It
// is the device's id if that is a UUID, else made of it.
func instanceID(device string) string {
	id, err := uuid.Parse(device)
	if err != nil {
		id = uuid.NewHash(sha1.New(), uuid.NameSpaceOID, []byte(device), 5)
	}
	return "urn:uuid:" + id.String()
}

// TransferRule says what becomes of a far side's wish to hand this phone to
// somebody else (a REFER).
type TransferRule string

// The rules. TransfersAsk waits for the user's word: CallDetails.TransferOffer
// tells of the wish, FollowTransfer and DeclineTransfer decide.
const (
	TransfersFollow TransferRule = "follow"
	TransfersAsk    TransferRule = "ask"
	TransfersRefuse TransferRule = "refuse"
)
