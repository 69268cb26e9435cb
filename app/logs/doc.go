// Package logs keeps the phone's own logs: structured, one file a day,
// compressed after a day, bounded in days and size, and without secrets by
// construction: every line passes a Redactor on its way to the disk.
package logs
