package main

import (
	"io"

	"offhook/app/control"
	"offhook/internal/cmdline"
)

// manual writes the manual page from the declarations of the command line.
func manual(w io.Writer) error {
	return cmdline.Man(w, cmdline.Page{
		Name: "offhook", Purpose: "softphone for contact-centre agents",
		Description: `Offhook signs in to a voice platform, makes calls, and is told of calls by a push. Without flags it opens its window.
.PP
.B offhook\-headless
is the same phone without the window and the demo platform; it takes the same flags and commands.`,
		After: `.SH EXIT STATUS
0 for success, 1 when the phone refuses with an error that has a code and a sentence, 2 for a mistake in the command itself.
.SH FILES
The profile's folder, below the user's configuration folder, holds
.I settings.json
and the call log. Passwords and tokens are kept in the system's keyring only.
.SH EXAMPLES
.EX
offhook ctl dial bob \-\-wait ESTABLISHED
offhook ctl stats \-\-json
offhook ctl hangup
offhook ctl upload\-logs \-\-since 2026\-11\-30 \-\-description "no sound at noon"
offhook \-\-completion bash >/etc/bash_completion.d/offhook
.EE
`,
	}, declare(&options{}), control.CommandLine())
}
