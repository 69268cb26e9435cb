// Package sip holds the signalling of a call: flows (one connection to a SIP
// server, kept alive) and dialogs over them.
//
//	flow, err := sip.Connect(ctx, sip.Config{…})      // ws, wss, tls, tcp or udp
//	d, err := flow.Invite(ctx, sip.Invitation{…})     // sends, does not wait
//	for ev := range d.Events() { … }                  // DialogEvent values
//	d.Hangup(ctx)                                     // CANCEL or BYE, as the state asks
//	d.Reinvite(ctx, offer)                            // answer SDP
//	d.Info(ctx, contentType, body)
//	d.Refer(ctx, target)                              // blind transfer
//	d.Rebind(flow); d.Refresh(ctx)                    // after FlowLost
//	<-flow.Done(); flow.Err(); flow.Close()
//
// A line that is called, too, is an Account: it registers, refreshes and comes
// back by itself, and hands each INVITE to Config.Incoming; the dialog in it is
// answered by Ring, Accept and Refuse, and then is one like any other.
//
// Package transport gives whole messages, whatever carries them. Each is read once
// (RFC 4475 shows how it can be broken), and handled by the one goroutine of its
// flow, in the order in which it came: transactions and dialogs never see a CANCEL
// before its INVITE. Messages and headers are sipgo's. Over UDP a TCP connection
// stands beside for requests above 1300 bytes. A server is found by its SRV and
// address records, and the next one tried when one fails.
//
// Everything goes to the server that the flow leads to, inside dialogs too: a
// phone behind an address translator reaches nobody else, and hears nobody else.
//
// Not here: NAPTR.
//
// The package knows SIP and nothing of media, tokens or the platform's HTTP.
package sip
