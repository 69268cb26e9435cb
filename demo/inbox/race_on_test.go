//go:build race

package inbox

// share divides the size of the large tests: the race detector makes each step
// many times slower.
const share = 5
