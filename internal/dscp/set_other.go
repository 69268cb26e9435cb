//go:build !unix

package dscp

// set does nothing: Windows takes marks from its own policies (New-NetQosPolicy).
func set(uintptr, int) {}
