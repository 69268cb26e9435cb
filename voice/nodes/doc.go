// Package nodes knows the servers of one service that stand for each other: a request
// to any of them goes to the one that serves, and to the next when that is gone.
package nodes
