// Package cluster gives the platform the engine in which its nodes keep what they
// share: NATS JetStream. A platform alone embeds a server in its process and opens
// no port for it. Several make a cluster of equals by their routes, or use a NATS
// that the operator has.
//
// In a cluster of three nodes or more each stream is kept by three of them: what was
// confirmed survives the loss of one. When the leader of a stream dies, nothing is
// stored in it for 4 to 9 seconds, which is the election of Raft; plain subjects go
// on meanwhile. What can't wait goes over both.
package cluster
