// Package widget holds the controls that the phone's screens are made of. They
// know nothing of the phone: they show what they are given and call back.
package widget
