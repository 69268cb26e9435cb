package settings

import "slices"

// maxSIPAccounts bounds the list: each is a connection that is kept open.
const maxSIPAccounts = 16

// SIPAccount is a line at any SIP server. Its password lives in the keyring.
type SIPAccount struct {
	// ID names the account for good; it is user@domain at its making.
	ID string `json:"id"`
	// On says that the account registers.
	On bool `json:"on"`
	// Server is ws, wss, tcp, tls or udp://HOST[:PORT], for a WebSocket with its
	// path; OutboundProxy, of the same form, is connected to in its place.
	Server        string `json:"server"`
	OutboundProxy string `json:"outbound_proxy,omitempty"`
	User          string `json:"user"`
	Domain        string `json:"domain"`
	// AuthUser is the digest's user name, "" for User.
	AuthUser    string `json:"auth_user,omitempty"`
	DisplayName string `json:"display_name,omitempty"`
	// ExpiresS is how long a registration is asked for, in seconds; 0 is 300.
	ExpiresS int `json:"expires_s,omitempty"`
	// Media is "" (by the server), webrtc, rtp or srtp.
	Media string `json:"media,omitempty"`
	// Codecs are what is offered and taken, the best first: opus, G722, PCMU, PCMA;
	// all of them if it is empty.
	Codecs []string `json:"codecs,omitempty"`
	// RetryPlainRTP lets a call whose encrypted sound the server refuses be tried
	// once more without encryption.
	RetryPlainRTP bool `json:"retry_plain_rtp,omitempty"`
	// ICEServers are stun: and turn: URLs for WebRTC, and for ICE with plain RTP.
	ICEServers []string `json:"ice_servers,omitempty"`
	// ICEUser is the user name at the turn: servers; its password lives in the
	// keyring, too.
	ICEUser string `json:"ice_user,omitempty"`
	// OfferICE offers ICE with plain RTP; an offer with it is answered with it in
	// any case.
	OfferICE bool `json:"offer_ice,omitempty"`
	// RelayOnly sends sound through the turn: servers and no other way.
	RelayOnly bool `json:"relay_only,omitempty"`
	// AllowClearText lets the account go without encryption to another computer:
	// names and numbers, and what its sound says, can be read on the way.
	AllowClearText bool `json:"allow_clear_text,omitempty"`
	// ThroughProxy connects over tls and tcp through the network's proxy, as ws and
	// wss do in any case.
	ThroughProxy bool `json:"through_proxy,omitempty"`
	// HideNumber asks the server to keep the caller's name and number to itself.
	HideNumber bool `json:"hide_number,omitempty"`
	// AutoAnswer lets the server ask the phone to answer by itself.
	AutoAnswer bool `json:"auto_answer,omitempty"`
	// FeatureCodes are what the server is dialled when the availability changes.
	FeatureCodes FeatureCodes `json:"feature_codes,omitzero"`
	// Watch are extensions whose state the server is asked for, beside those of the
	// user's own contacts that are no whole telephone numbers.
	Watch []string `json:"watch,omitempty"`
	// PickupCode is dialled to take a call that rings at such an extension, which takes
	// the place of {extension}, or else its end; without one the call itself is asked
	// for (RFC 3891).
	PickupCode string `json:"pickup_code,omitempty"`
	// Transfers says what becomes of a caller who wants to hand the phone to
	// somebody else: ask, follow or refuse. "" asks where there is a window, and
	// follows where nobody would see the question.
	Transfers string `json:"transfers,omitempty"`
	// RefuseTransfers is how older phones wrote refuse.
	RefuseTransfers bool `json:"refuse_transfers,omitempty"`
}

// FeatureCodes are what a server wants to be dialled when the agent's availability
// changes, such as *46; "" is nothing.
type FeatureCodes struct {
	// QueueLogin is dialled once the account is registered, QueueLogout before it is
	// switched off or the phone ends.
	QueueLogin  string `json:"queue_login,omitempty"`
	QueueLogout string `json:"queue_logout,omitempty"`
	// Pause is dialled when no calls are wanted any more, Unpause when they are again.
	Pause   string `json:"pause,omitempty"`
	Unpause string `json:"unpause,omitempty"`
	// DNDOn and DNDOff are for Do not disturb; without DNDOn that is a pause, too.
	DNDOn  string `json:"dnd_on,omitempty"`
	DNDOff string `json:"dnd_off,omitempty"`
	// ForwardOn and ForwardOff are for the time on another phone.
	ForwardOn  string `json:"forward_on,omitempty"`
	ForwardOff string `json:"forward_off,omitempty"`
}

// The values of SIPAccount.Transfers.
const (
	TransfersAsk    = "ask"
	TransfersFollow = "follow"
	TransfersRefuse = "refuse"
)

// Clone returns a copy that shares nothing with a.
func (a SIPAccount) Clone() SIPAccount {
	a.ICEServers, a.Codecs = slices.Clone(a.ICEServers), slices.Clone(a.Codecs)
	a.Watch = slices.Clone(a.Watch)
	return a
}

// normaliseSIP drops accounts without an address and those that stand twice.
func (s *Settings) normaliseSIP() {
	var kept []SIPAccount
	seen := map[string]bool{}
	for _, a := range s.SIPAccounts {
		if a.ID == "" && a.User != "" && a.Domain != "" {
			a.ID = a.User + "@" + a.Domain
		}
		if a.ID == "" || a.Server == "" || seen[a.ID] || len(kept) == maxSIPAccounts {
			continue
		}
		seen[a.ID] = true
		if a.ExpiresS != 0 {
			a.ExpiresS = min(max(a.ExpiresS, 60), 24*60*60)
		}
		switch a.Media {
		case "", "webrtc", "rtp", "srtp":
		default:
			a.Media = ""
		}
		switch {
		case a.Transfers == TransfersAsk, a.Transfers == TransfersFollow, a.Transfers == TransfersRefuse:
		case a.RefuseTransfers:
			a.Transfers = TransfersRefuse
		default:
			a.Transfers = ""
		}
		a.RefuseTransfers = false
		kept = append(kept, a)
	}
	s.SIPAccounts = kept
}

func cloneSIP(list []SIPAccount) []SIPAccount {
	out := slices.Clone(list)
	for i := range out {
		out[i] = out[i].Clone()
	}
	return out
}
