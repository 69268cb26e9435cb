package provision

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"golang.org/x/sys/windows/registry"
)

// managedKey holds single settings, as the administrative template writes them: a value
// by the setting's path, or for a list a key of that name with the values 1, 2, ….
const managedKey = `SOFTWARE\Policies\Offhook\Settings`

// fromSystem reads the value Policy of the machine's policies, which only an
// administrator or the installer (MSI property POLICY) can write, else the machine's
// file, and the settings that the group policy manages beside it.
func fromSystem() ([]byte, error) {
	text := ""
	for _, path := range []string{`SOFTWARE\Policies\Offhook`, `SOFTWARE\Offhook`} {
		key, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE)
		if err != nil {
			continue
		}
		if text, _, err = key.GetStringValue("Policy"); err != nil {
			text = ""
		}
		key.Close()
		if text != "" {
			break
		}
	}
	data := []byte(text)
	if text == "" {
		var err error
		if data, err = firstFile(filepath.Join(os.Getenv("ProgramData"), "Offhook", "policy.json")); err != nil {
			return nil, err
		}
	}
	managed, err := managedSettings()
	if err != nil {
		return nil, err
	}
	return merge(data, managed)
}

func managedSettings() (map[string]any, error) {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, managedKey, registry.QUERY_VALUE|registry.ENUMERATE_SUB_KEYS)
	if err != nil {
		return nil, nil // nothing is managed
	}
	defer key.Close()
	out := map[string]any{}
	names, err := key.ReadValueNames(0)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		_, kind, err := key.GetValue(name, nil)
		if err != nil {
			return nil, err
		}
		switch kind {
		case registry.DWORD, registry.QWORD:
			out[name], _, err = key.GetIntegerValue(name)
		case registry.MULTI_SZ:
			out[name], _, err = key.GetStringsValue(name)
		default:
			out[name], _, err = key.GetStringValue(name)
		}
		if err != nil {
			return nil, err
		}
	}
	lists, err := key.ReadSubKeyNames(0)
	if err != nil {
		return nil, err
	}
	for _, name := range lists {
		if out[name], err = list(key, name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// list reads the texts below a key in the order of their numbers.
func list(key registry.Key, name string) ([]string, error) {
	below, err := registry.OpenKey(key, name, registry.QUERY_VALUE)
	if err != nil {
		return nil, err
	}
	defer below.Close()
	names, err := below.ReadValueNames(0)
	if err != nil {
		return nil, err
	}
	number := func(s string) int { n, _ := strconv.Atoi(s); return n }
	slices.SortFunc(names, func(a, b string) int { return number(a) - number(b) })
	texts := []string{}
	for _, n := range names {
		text, _, err := below.GetStringValue(n)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}
