package backend

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

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
`, `
CREATE TABLE changes (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, what TEXT NOT NULL);
INSERT INTO changes (name, what) SELECT name, 'added' FROM users WHERE provisioned = 0;
ALTER TABLE users DROP COLUMN provisioned;
ALTER TABLE users ADD COLUMN active INTEGER NOT NULL DEFAULT 1;
CREATE TABLE sign_ins (name TEXT NOT NULL, device TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (name, device));
`}

// User is somebody who may sign in. The password is the backend's own and never
// reaches the platform.
type User struct {
	Name, DisplayName, Password string
	// Inactive says that the user may not sign in for the time being.
	Inactive bool
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
	err = u.change(ctx, user.Name, changeAdded, "INSERT INTO users (name, display_name, password) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", user.Name, user.DisplayName, hash)
	if errors.Is(err, ErrUserUnknown) {
		err = ErrUserExists // since just now
	}
	return err
}

// change runs a statement on one user and notes what the platform is to be told.
// It returns ErrUserUnknown if the statement touched nothing.
func (u Users) change(ctx context.Context, name, what, statement string, args ...any) error {
	return u.DB.Write(ctx, func(tx *store.Tx) error {
		res, err := tx.Exec(statement, args...)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrUserUnknown)
		}
		return note(tx, name, what)
	})
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
	_, err := u.DB.Exec(ctx, "INSERT INTO secrets (name, value) VALUES (?, x'') ON CONFLICT DO NOTHING", mark)
	return err
}

// Remove removes a user. The platform is told to delete the subscriber: its
// tokens, sockets and calls end. It returns ErrUserUnknown.
func (u Users) Remove(ctx context.Context, name string) error {
	return u.change(ctx, name, changeRemoved, "DELETE FROM users WHERE name = ?", name)
}

// SetActive lets a user in again, or keeps the user out: sockets and calls end,
// and the tokens are refused until the user is active again. It returns
// ErrUserUnknown.
func (u Users) SetActive(ctx context.Context, name string, active bool) error {
	what := changeDeactivated
	if active {
		what = changeActivated
	}
	return u.change(ctx, name, what, "UPDATE users SET active = ? WHERE name = ?", active, name)
}

// Revoke ends whatever the user's phones hold; the user signs in anew. It returns
// ErrUserUnknown.
func (u Users) Revoke(ctx context.Context, name string) error {
	return u.change(ctx, name, changeRevoked, "UPDATE users SET name = name WHERE name = ?", name)
}

// SetPassword sets another password and ends whatever the user's phones hold. It
// returns ErrUserForm or ErrUserUnknown.
func (u Users) SetPassword(ctx context.Context, name, password string) error {
	if password == "" || len(password) > maxPassword {
		return ErrUserForm
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), u.Cost)
	if err != nil {
		return fmt.Errorf("hash a password: %w", err)
	}
	return u.change(ctx, name, changeRevoked, "UPDATE users SET password = ? WHERE name = ?", hash, name)
}

// List returns the users by name, without passwords.
func (u Users) List(ctx context.Context) ([]User, error) {
	rows, err := u.DB.Query(ctx, "SELECT name, display_name, NOT active FROM users ORDER BY name")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []User
	for rows.Next() {
		var user User
		if err := rows.Scan(&user.Name, &user.DisplayName, &user.Inactive); err != nil {
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

// knows reports whether the user has signed in on the device before.
func (u Users) knows(ctx context.Context, name, device string) (known bool, err error) {
	err = u.DB.QueryRow(ctx, "SELECT count(*) FROM sign_ins JOIN users USING (name) WHERE name = ? AND device = ?", name, device).Scan(&known)
	return known, err
}

// signedIn notes that the user has signed in on the device.
func (u Users) signedIn(ctx context.Context, name, device string, at time.Time) error {
	_, err := u.DB.Exec(ctx, "INSERT INTO sign_ins (name, device, at) VALUES (?, ?, ?) ON CONFLICT (name, device) DO UPDATE SET at = excluded.at", name, device, at.UnixMilli())
	return err
}

// check compares a password and returns the display name. A wrong password is
// ErrUserUnknown too.
func (u Users) check(ctx context.Context, hashing *hashing, name, password string, suspect bool) (display string, err error) {
	var hash []byte
	err = u.DB.QueryRow(ctx, "SELECT display_name, password FROM users WHERE name = ?", name).Scan(&display, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		hash = nobody()
	} else if err != nil {
		return "", err
	}
	var differ error
	if wait := hashing.run(ctx, suspect, func() { differ = bcrypt.CompareHashAndPassword(hash, []byte(password)) }); wait != nil {
		return "", wait
	}
	if differ != nil || err != nil {
		return "", ErrUserUnknown
	}
	return display, nil
}
