//go:build !linux && !darwin && !windows

package provision

// fromSystem reads the machine's policy.
func fromSystem() ([]byte, error) { return firstFile("/etc/offhook/policy.json") }
