// Package settings keeps what the user chose: a versioned JSON file, written
// atomically, that never holds a secret.
package settings
