package backend

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"sync"

	"golang.org/x/crypto/bcrypt"

	"offhook/demo/inbox"
	"offhook/demo/store"
	"offhook/demo/upload"
)

// Migrations is the schema of the backend's database.
var Migrations = []string{inbox.Migrations + upload.Migrations + `
CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE users (
	name TEXT PRIMARY KEY, display_name TEXT NOT NULL, password BLOB NOT NULL,
	provisioned INTEGER NOT NULL DEFAULT 0);
CREATE TABLE contexts (name TEXT PRIMARY KEY, dial_to TEXT NOT NULL, message TEXT NOT NULL, updated INTEGER NOT NULL);
CREATE TABLE devices (name TEXT PRIMARY KEY, token TEXT NOT NULL, updated INTEGER NOT NULL);
`}

// User is somebody who may sign in. The password is the backend's own and never
// reaches the platform.
type User struct {
	Name, DisplayName, Password string
}

// Errors of Users.
var (
	ErrUserExists  = errors.New("there is such a user already")
	ErrUserUnknown = errors.New("there is no such user")
	ErrUserForm    = errors.New("a user's name is 1 to 16 letters and digits, the password 1 to 72 bytes, the display name at most 64")
)

var userForm = regexp.MustCompile(`^[A-Za-z0-9]{1,16}$`)

const (
	maxPassword    = 72 // what bcrypt takes
	maxDisplayName = 64
)

// Users keeps the users in the backend's database. A running platform sees what
// another process changes.
type Users struct {
	DB *store.DB
	// Cost is bcrypt's; 0 means its default.
	Cost int
}

// Add adds a user. It returns ErrUserForm or ErrUserExists.
func (u Users) Add(ctx context.Context, user User) error {
	if !userForm.MatchString(user.Name) || user.Password == "" || len(user.Password) > maxPassword || len(user.DisplayName) > maxDisplayName {
		return ErrUserForm
	}
	if user.DisplayName == "" {
		user.DisplayName = user.Name
	}
	if _, err := u.find(ctx, user.Name); !errors.Is(err, ErrUserUnknown) {
		if err == nil {
			err = ErrUserExists
		}
		return err
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(user.Password), u.Cost)
	if err != nil {
		return fmt.Errorf("hash a password: %w", err)
	}
	n, err := u.DB.Exec(ctx, "INSERT INTO users (name, display_name, password) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", user.Name, user.DisplayName, hash)
	if err == nil && n == 0 {
		err = ErrUserExists
	}
	return err
}

// seed adds the first users of a database. It does so once only: who was removed
// since then does not come back.
func (u Users) seed(ctx context.Context, users []User) error {
	const mark = "users were seeded"
	var seeded int
	if err := u.DB.QueryRow(ctx, "SELECT count(*) FROM secrets WHERE name = ?", mark).Scan(&seeded); err != nil || seeded > 0 {
		return err
	}
	for _, user := range users {
		if err := u.Add(ctx, user); err != nil && !errors.Is(err, ErrUserExists) {
			return fmt.Errorf("user %s: %w", user.Name, err)
		}
	}
	_, err := u.DB.Exec(ctx, "INSERT INTO secrets (name, value) VALUES (?, x'')", mark)
	return err
}

// Remove removes a user; the subscriber of that name stays the platform's
// business. It returns ErrUserUnknown.
func (u Users) Remove(ctx context.Context, name string) error {
	n, err := u.DB.Exec(ctx, "DELETE FROM users WHERE name = ?", name)
	if err == nil && n == 0 {
		err = ErrUserUnknown
	}
	return err
}

// List returns the users by name, without passwords.
func (u Users) List(ctx context.Context) ([]User, error) {
	rows, err := u.DB.Query(ctx, "SELECT name, display_name FROM users ORDER BY name")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []User
	for rows.Next() {
		var user User
		if err := rows.Scan(&user.Name, &user.DisplayName); err != nil {
			return nil, err
		}
		list = append(list, user)
	}
	return list, rows.Err()
}

// find returns the user's display name, or ErrUserUnknown.
func (u Users) find(ctx context.Context, name string) (display string, err error) {
	err = u.DB.QueryRow(ctx, "SELECT display_name FROM users WHERE name = ?", name).Scan(&display)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrUserUnknown
	}
	return display, err
}

// nobody's hash is compared with when there is no such user, so that the time
// of an answer does not tell who exists.
var nobody = sync.OnceValue(func() []byte {
	hash, _ := bcrypt.GenerateFromPassword([]byte("nobody"), bcrypt.DefaultCost)
	return hash
})

// check compares a password and returns the display name. A wrong password is
// ErrUserUnknown too.
func (u Users) check(ctx context.Context, name, password string) (display string, err error) {
	var hash []byte
	err = u.DB.QueryRow(ctx, "SELECT display_name, password FROM users WHERE name = ?", name).Scan(&display, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		hash = nobody()
	} else if err != nil {
		return "", err
	}
	if bcrypt.CompareHashAndPassword(hash, []byte(password)) != nil || err != nil {
		return "", ErrUserUnknown
	}
	return display, nil
}

// unprovisioned are the users that the platform has not been told of yet.
func (u Users) unprovisioned(ctx context.Context) (names []string, err error) {
	rows, err := u.DB.Query(ctx, "SELECT name FROM users WHERE provisioned = 0 ORDER BY name")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

func (u Users) markProvisioned(ctx context.Context, names []string) error {
	return u.DB.Write(ctx, func(tx *sql.Tx) error {
		for _, name := range names {
			if _, err := tx.Exec("UPDATE users SET provisioned = 1 WHERE name = ?", name); err != nil {
				return err
			}
		}
		return nil
	})
}
