// Package exophone is the platform's telephone exchange: SIP over WebSocket
// with digest, sessions from dial to end, ring and conversation limits, and the
// bots. It knows the rest of the platform by the small interfaces of
// contract.go only.
//
// A subscriber's phone never registers. It calls by INVITE for the exophone;
// the exchange asks Dial-Whom whom to call, pushes a payload, and the callee's
// phone dials in with that payload as its token. Its leg may ring first, with
// its path ready and its gate shut, and answer by one INFO. Web clients, which
// do register, are called by INVITE beside that.
//
//	exchange   the SIP stack, connections, all sessions and dialogs
//	receive    every request on its way in: form, digest, dialog, method
//	session    one call: one goroutine owns it, everyone else posts to it
//	route      Dial-Whom, callees in order, push, ring limit
//	ring       phones that ring, and the one that answers
//	talk, hold the conversation: re-INVITE, UPDATE, INFO, limits
//	ending     how a call ends for all its parties; BYE held for phones away
//	web        web clients: called by INVITE, registered by registrar
//	bots       callees played by the platform, one for each way a call can go
//	calls      what the long poll and the reject URL see
//
// A dialog belongs to its subscriber, not to a connection: an authenticated
// request over another connection moves it there.
package exophone
