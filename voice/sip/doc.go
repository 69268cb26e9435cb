// Package sip holds the signalling of a call: flows (a WebSocket connection
// that is kept alive and answers pings) and dialogs over them, on sipgo.
//
//	flow, err := sip.Connect(ctx, sip.Config{…})      // one WebSocket, kept alive
//	d, err := flow.Invite(ctx, sip.Invitation{…})     // sends, does not wait
//	for ev := range d.Events() { … }                  // DialogEvent values
//	d.Hangup(ctx)                                     // CANCEL or BYE, as the state asks
//	d.Reinvite(ctx, offer)                            // answer SDP
//	d.Info(ctx, contentType, body)
//	d.Rebind(flow)                                    // after FlowLost
//	<-flow.Done(); flow.Err(); flow.Close()
//
// The package knows SIP and nothing of media, tokens or the platform's HTTP.
package sip
