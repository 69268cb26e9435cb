package voice

import "offhook/voice/line/subscriber"

// Account is the subscriber that a Client works for (reference, section 1.2). It prints
// and logs without its token.
type Account = subscriber.Account

// MessageAllowed reports whether message may go with Dial on the subscriber line.
func MessageAllowed(message string) bool { return subscriber.MessageAllowed(message) }
