// Package version holds the one version of this tree. Everything that says a
// version takes it from here: the phone's About, --version, the User-Agent of
// SIP and HTTP, the platform. packaging/version.sh makes it from git, and the
// linker puts it in:
//
//	go build -ldflags "-X offhook/internal/version.linked=$(packaging/version.sh)"
package version

import (
	"runtime/debug"
	"strings"
)

// unknown is the version of a build that was told none.
const unknown = "0.1.0-dev"

// linked is set by the linker.
var linked string

// Number returns the version in semver's form, without a leading v. A build
// without the linker's word (go run, go test, a program that uses the engine)
// says what Go knows of the module.
func Number() string {
	if linked != "" {
		return linked
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return unknown
	}
	return fromModule(info)
}

// fromModule is the version of the module offhook in a build, which is the main
// module or one of the others.
func fromModule(info *debug.BuildInfo) string {
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if m.Path == "offhook" && strings.HasPrefix(m.Version, "v") && !strings.HasPrefix(m.Version, "v0.0.0-") {
			return strings.TrimPrefix(m.Version, "v")
		}
	}
	return unknown
}
