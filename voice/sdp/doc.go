// Package sdp is offers and answers made fit for every peer, and what they say.
package sdp
