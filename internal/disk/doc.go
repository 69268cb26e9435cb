// Package disk tells how much of a disk is free, and which errors say that it is full.
package disk
