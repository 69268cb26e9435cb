// Package wave reads and writes WAV files: any common PCM in, 48 kHz mono
// 16-bit out.
package wave
