package wire

// Profile is the subscriber's profile (reference, section 9).
type Profile struct {
	SIPURI       string `json:"sip_uri"`
	SIPPassword  string `json:"sip_password"`
	SIPServer    string `json:"sip_server"`
	SIPPort      int    `json:"sip_port"`
	SIPTransport string `json:"sip_transport"` // WS or WSS
	SIPPath      string `json:"sip_path"`
	SIPDomain    string `json:"sip_domain"`
	// The timers are whole seconds (reference, section 10.13).
	IncomingCallTimeout   int `json:"incoming_call_timeout"`
	CallConnectionTimeout int `json:"call_connection_timeout"`
	MediaDisruptedTimeout int `json:"media_disrupted_timeout"`
	MediaTimeout          int `json:"media_timeout"`

	LogLevel              string `json:"log_level"`
	LogRotateDays         int    `json:"log_rotate_days"`
	LogDestinationBaseURL string `json:"log_destination_base_url"`
	ClientEventBaseURL    string `json:"client_event_base_url"`
	// EventThreadInterval is how often client events are sent, in seconds.
	EventThreadInterval int         `json:"event_thread_interval"`
	ICEServers          []ICEServer `json:"ice_servers"`
	// Codecs are offered in this order; all that the phone speaks if there are none.
	Codecs   []string `json:"codecs"`
	Exophone string   `json:"exophone"`
	// Nodes are the URLs of the platform's servers, each scheme, host and port; any of
	// them stands for every other.
	Nodes []string `json:"nodes,omitempty"`
	// Dropped names the fields that the platform sent and that the phone can't use.
	Dropped []string `json:"-"`
	// Abilities are what the platform offers beyond the reference.
	Abilities []string `json:"abilities,omitempty"`
	AgentRules
}

// String hides the passwords.
func (p Profile) String() string { return "profile of " + p.SIPURI }

// GoString hides the passwords from %#v.
func (p Profile) GoString() string { return "wire.Profile{" + p.SIPURI + "}" }

// ICEServer is a STUN or TURN server.
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}
