// Package store opens the platform's SQLite databases: one file a room inside
// the data folder, or memory when there is none.
//
// A room keeps its own schema and queries; the store knows how to open, migrate
// and close, and how to survive being killed: the write-ahead log makes each
// transaction whole or absent, whenever the process ends.
package store
