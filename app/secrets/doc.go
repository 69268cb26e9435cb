// Package secrets keeps passwords and tokens in the operating system's keyring,
// split to fit its limits, or in memory only when there is no keyring.
package secrets
