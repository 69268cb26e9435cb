package provision

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/windows/registry"
)

// fromSystem reads the value Policy of the machine's policies, which only an
// administrator or the installer (MSI property POLICY) can write, then the
// machine's file.
func fromSystem() ([]byte, error) {
	for _, path := range []string{`SOFTWARE\Policies\Offhook`, `SOFTWARE\Offhook`} {
		key, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE)
		if err != nil {
			continue
		}
		text, _, err := key.GetStringValue("Policy")
		key.Close()
		if err == nil && text != "" {
			return []byte(text), nil
		}
	}
	return firstFile(filepath.Join(os.Getenv("ProgramData"), "Offhook", "policy.json"))
}
