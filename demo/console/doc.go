// Package console is the page at /console: what the platform is doing and has
// done, for those who run a demo deployment. It is rendered on the server and
// works without JavaScript; with it the page renews itself in place.
package console
