// Package crm is the example of a page that works the phone by its Desk API: click
// to call, and the customer's card while it rings.
package crm

import "embed"

// Files are the page, its script and the description of the Desk API.
//
//go:embed index.html page.js offhook.js openapi.json
var Files embed.FS
