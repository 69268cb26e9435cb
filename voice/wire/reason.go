package wire

// The words of X-End-Reason: they tell what a SIP status alone can't.
const (
	// ReasonRingLimit says that nobody answered within the platform's limit.
	ReasonRingLimit = "ring-limit"
	// ReasonConversationLimit says that a conversation reached its longest time.
	ReasonConversationLimit = "conversation-limit"
	// ReasonMediaTimeout says that a phone vanished from the call without a word.
	ReasonMediaTimeout = "media-timeout"
	// ReasonDeclined and ReasonBusy are the callee's refusals; RejectReasons are
	// the same words.
	ReasonDeclined = "declined"
	ReasonBusy     = "busy"
	// ReasonCallerGone says that the caller gave up.
	ReasonCallerGone = "caller-gone"
	// ReasonAway says that the callee has chosen a state in which calls do not ring.
	ReasonAway = "away"
	// ReasonTransferred says that the call went to somebody else, as this phone has
	// asked for.
	ReasonTransferred = "transferred"
	// ReasonMerged says that the far side went into the conference that another call
	// of this phone has become, as this phone has asked for.
	ReasonMerged = "merged"
	// ReasonElsewhere says that another device of the callee answered.
	ReasonElsewhere = "answered-elsewhere"
	// ReasonShutdown says that the platform is ending and hangs up.
	ReasonShutdown = "shutdown"
	// ReasonPlatformLost says that the platform lost the call: it was started
	// anew and does not know the dialog any more.
	ReasonPlatformLost = "platform-lost"
	// ReasonRevoked says that the subscriber may not use the platform any more.
	ReasonRevoked = "revoked"
)

// CallState is what the long poll tells of an incoming call.
type CallState string

// The states of the long poll.
const (
	CallRinging   CallState = "ringing"
	CallAnswered  CallState = "answered"
	CallCancelled CallState = "cancelled"
	CallTimeout   CallState = "timeout"
)
