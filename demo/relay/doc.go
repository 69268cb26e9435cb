// Package relay is the media side of the platform: one ICE-lite UDP port (and
// ICE-TCP) for all legs, RTP forwarded between the two legs of a call without
// decoding, and players for the bots.
package relay
