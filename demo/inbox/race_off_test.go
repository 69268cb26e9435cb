//go:build !race

package inbox

// share divides the size of the large tests.
const share = 1
