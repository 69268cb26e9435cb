package wire

// Private headers of SIP messages.
const (
	// HeaderCallSid names the session on both legs of a call.
	HeaderCallSid = "X-Call-Sid"
	// HeaderConsultsFor names, on the INVITE of a consultation, the session that the
	// third party may be joined to, whose codec is preferred.
	HeaderConsultsFor = "X-Consults-For"
	// HeaderEndReason carries one of the Reason words on a final response or a
	// BYE.
	HeaderEndReason = "X-End-Reason"
	// HeaderAnswer with the value AnswerLater makes an INVITE ring first and
	// answer by an INFO of type TypeAnswer.
	HeaderAnswer = "X-Answer"
	// HeaderSessionToken carries the payload of the call that an INVITE answers.
	HeaderSessionToken = "X-Session-Token"
	// HeaderCustomField carries the caller's message.
	HeaderCustomField = "X-Custom-Field"
	// HeaderDeviceID names the device of the phone; HTTP requests carry it too.
	HeaderDeviceID = "X-Device-ID"
)

// HeaderDeviceToken names the device on the push socket's HTTP request.
const HeaderDeviceToken = "X-Device-Token"

// AnswerLater is the value of HeaderAnswer of a leg that rings first.
const AnswerLater = "later"

// TypeAnswer is the content type of the INFO that answers a ringing leg, and
// AnswerBody its body.
const (
	TypeAnswer = "application/offhook-answer"
	AnswerBody = "answer\r\n"
)

// SIPPath is where the platform's SIP WebSocket is unless the profile names
// another path.
const SIPPath = "/sip"
