// Package packaging holds the recipes of the installers; its tests read them as
// the systems will.
package packaging
