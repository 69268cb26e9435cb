// Package newcodec holds a test alone, which shows that a codec is one registration: it
// has a process of its own, since what is registered stays.
package newcodec
