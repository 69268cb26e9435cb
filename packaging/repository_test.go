package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// apt takes a package from a repository that repository.sh has made, and refuses one
// whose list was changed on the way.
func TestTheRepositoryIsSigned(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"gpg", "apt-ftparchive", "apt-get", "dpkg-deb"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	dir, err := os.MkdirTemp("", "offhook-repository-") // gpg's sockets want a short path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	home := filepath.Join(dir, "gpg")
	run := func(name string, args ...string) (string, error) {
		cmd := exec.Command(name, args...)
		cmd.Env = append(os.Environ(), "GNUPGHOME="+home)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	must := func(name string, args ...string) {
		t.Helper()
		if out, err := run(name, args...); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	for path, text := range map[string]string{
		"tree/DEBIAN/control": "Package: offhook\nVersion: 1.2.3\nArchitecture: amd64\nMaintainer: nobody <x@example.com>\nDescription: a package\n",
		"lists/partial/.keep": "", "cache/archives/partial/.keep": "", "gpg/.keep": "", "dist/.keep": "",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "tree/DEBIAN"), 0o755); err != nil {
		t.Fatal(err)
	}
	must("dpkg-deb", "-b", "--root-owner-group", filepath.Join(dir, "tree"), filepath.Join(dir, "dist/offhook-1.2.3-linux-amd64.deb"))
	must("gpg", "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "", "--quick-generate-key", "packages@example.com", "ed25519", "sign")
	t.Cleanup(func() { _, _ = run("gpgconf", "--kill", "all") })
	out := filepath.Join(dir, "public")
	must("linux/repository.sh", filepath.Join(dir, "dist"), out, "packages@example.com")

	list := filepath.Join(dir, "offhook.list")
	if err := os.WriteFile(list, []byte("deb [signed-by="+out+"/offhook.asc] file:"+out+"/apt stable main\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	apt := func(args ...string) (string, error) {
		return run("apt-get", append([]string{"-qq", "-o", "Dir::Etc::sourcelist=" + list, "-o", "Dir::Etc::sourceparts=/dev/null", "-o", "Dir::State::lists=" + dir + "/lists",
			"-o", "Dir::Cache=" + dir + "/cache", "-o", "APT::Sandbox::User=", "-o", "APT::Architecture=amd64"}, args...)...)
	}
	if out, err := apt("update"); err != nil || strings.Contains(out, "W:") || strings.Contains(out, "E:") {
		t.Fatalf("the repository is refused: %v\n%s", err, out)
	}
	if out, err := apt("install", "--print-uris", "offhook"); err != nil || !strings.Contains(out, "offhook_1.2.3_amd64.deb") {
		t.Errorf("the package is not found: %v\n%s", err, out)
	}
	release := filepath.Join(out, "apt/dists/stable/InRelease")
	text, err := os.ReadFile(release)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(release, []byte(strings.Replace(string(text), "Origin: Offhook", "Origin: Somebody", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := apt("update"); err == nil && !strings.Contains(out, "W:") && !strings.Contains(out, "E:") {
		t.Errorf("a list that was changed is taken:\n%s", out)
	}
}
