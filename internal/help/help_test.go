package help

import (
	"flag"
	"strings"
	"testing"
	"time"
)

func TestFlags(t *testing.T) {
	t.Parallel()
	fs := flag.NewFlagSet("phone", flag.ContinueOnError)
	fs.Bool("demo", false, "bring a platform along")
	fs.String("config-dir", "", "the `folder` of the profiles")
	fs.Duration("timeout", 30*time.Second, "give up after this `time`")
	fs.Duration("since", 0, "how far back")
	var said strings.Builder
	Flags(&said, fs)
	const want = `  --config-dir FOLDER  the folder of the profiles
  --demo               bring a platform along
  --since DURATION     how far back
  --timeout TIME       give up after this time (default 30s)
`
	if said.String() != want {
		t.Errorf("the help says\n%s\nnot\n%s", &said, want)
	}
}
