// Package plainlocale gives a process without a language one.
//
// Under the locale C or POSIX, as in a container or a cron job, the window
// library prints three lines of complaint to the error output of every start,
// `offhook ctl` included. Importing this package for its effect sets English
// before the library looks: Go initialises the packages in the order of their
// paths as soon as their imports are ready, and this one needs nothing but os.
package plainlocale

import "os"

// Invented says that the process came without a language, so that what its
// environment now says of a country is nobody's choice.
var Invented = invent()

func invent() bool {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		switch v := os.Getenv(name); v {
		case "":
			continue
		case "C", "POSIX", "C.UTF-8", "C.utf8":
			_ = os.Setenv(name, "en_US.UTF-8")
			return true
		default:
			return false
		}
	}
	_ = os.Setenv("LANG", "en_US.UTF-8")
	return true
}
