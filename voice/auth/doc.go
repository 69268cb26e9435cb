// Package auth is the subscriber token: its form, its life, its renewal.
package auth
