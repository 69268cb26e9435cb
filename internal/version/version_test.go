package version

import (
	"runtime/debug"
	"testing"
)

func TestFromModule(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		info debug.BuildInfo
		want string
	}{
		{"a tagged build of the phone", debug.BuildInfo{Main: debug.Module{Path: "offhook", Version: "v1.2.3"}}, "1.2.3"},
		{"between tags", debug.BuildInfo{Main: debug.Module{Path: "offhook", Version: "v1.2.4-0.20261122101010-abcdef012345+dirty"}}, "1.2.4-0.20261122101010-abcdef012345+dirty"},
		{"no tag at all", debug.BuildInfo{Main: debug.Module{Path: "offhook", Version: "v0.0.0-20261122101010-abcdef012345"}}, unknown},
		{"a test", debug.BuildInfo{Main: debug.Module{Path: "offhook", Version: "(devel)"}}, unknown},
		{"a program that uses the engine", debug.BuildInfo{
			Main: debug.Module{Path: "example.com/crm", Version: "v9.0.0"}, Deps: []*debug.Module{{Path: "offhook", Version: "v1.0.1"}},
		}, "1.0.1"},
	} {
		if got := fromModule(&test.info); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// Not parallel: the linker's word is one variable.
func TestLinkedWins(t *testing.T) {
	linked = "7.8.9"
	defer func() { linked = "" }()
	if got := Number(); got != "7.8.9" {
		t.Errorf("Number() = %q", got)
	}
}
