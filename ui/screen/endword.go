package screen

import "offhook/voice/wire"

// platformEnded says how the platform ended a call by its word, "" where that is not
// more than the end reason tells.
func (e *Env) platformEnded(word string) string {
	switch word {
	case wire.ReasonPlatformLost:
		return e.T("The platform lost the call")
	case wire.ReasonShutdown:
		return e.T("The platform ended the call")
	case wire.ReasonConversationLimit:
		return e.T("The longest time for a call was reached")
	}
	return ""
}
