// Package process cleans what the microphone hears: echo cancellation, noise
// suppression and gain control over libspeexdsp. A Processor is an
// audio.Processor; another library can take its place behind that interface.
package process
