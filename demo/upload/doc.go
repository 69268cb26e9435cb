// Package upload gives out signed destinations for log files and takes the
// files: each destination is for one file, limited in size and time, and the
// signature in its address is all the authority that a PUT needs.
package upload
