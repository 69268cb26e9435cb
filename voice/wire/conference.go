package wire

// TypeConference is the content type of the INFO that tells a phone who is in the
// conference of its call. The body is a Conference as that phone sees it; with two
// parties the conference is over and the call goes on between these.
const TypeConference = "application/offhook-conference+json"

// ConferenceRequest asks for the far sides of another conversation of the same phone
// to be joined to this one. The phone's own leg of that other one then ends with
// ReasonMerged.
type ConferenceRequest struct {
	// With is the session of the other conversation.
	With string `json:"with"`
}

// Conference is who takes part in a call, in the order in which they came.
type Conference struct {
	SessionID string `json:"session_id"`
	// Host is the id of the party that may mute and drop the others and end the
	// conference for all: who began it. It is empty once that party has left.
	Host    string  `json:"host,omitempty"`
	Parties []Party `json:"parties"`
}

// Party is one of those in a conference.
type Party struct {
	// ID names the party within the conference.
	ID          string `json:"id"`
	Name        string `json:"subscriber_name"`
	DisplayName string `json:"display_name,omitempty"`
	Muted       bool   `json:"muted,omitempty"`
	// Talking says that the party speaks at present.
	Talking bool `json:"talking,omitempty"`
	// You marks the party that is told.
	You bool `json:"you,omitempty"`
}

// PartyChange is the body of PUT …/conference/parties/{id}.
type PartyChange struct {
	Muted bool `json:"muted"`
}
