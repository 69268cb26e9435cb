package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"offhook/demo/backend"
	"offhook/demo/store"
	"offhook/internal/help"
)

const userUsage = `Usage:
  offhook-demo user add NAME --data DIR [--password-file FILE] [--display-name TEXT] [--json]
  offhook-demo user list --data DIR [--json]
  offhook-demo user password NAME --data DIR [--password-file FILE] [--json]
  offhook-demo user revoke|deactivate|activate|remove NAME --data DIR [--json]

Changes who may sign in; a running platform acts on it within a second. Without
--password-file the password is the first line of standard input.

A new password and revoke end every sign-in of the user: tokens, push sockets and
calls. The user may sign in again. deactivate ends sockets and calls, and refuses
the user until activate; the phone then comes back by itself. remove deletes the
user and the platform's subscriber of that name.

Flags:
`

// userFlags are the flags of user.
type userFlags struct {
	data, passwordFile, displayName string
	json                            bool
}

// parse reads flags before and after the name.
func (u *userFlags) parse(args []string, stdout io.Writer) (names []string, err error) {
	f := flag.NewFlagSet("offhook-demo user", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&u.data, "data", "", "`folder` of the platform's databases")
	f.StringVar(&u.passwordFile, "password-file", "", "`file` whose first line is the password")
	f.StringVar(&u.displayName, "display-name", "", "`name` that people see")
	f.BoolVar(&u.json, "json", false, "print JSON")
	f.Usage = func() { fmt.Fprint(f.Output(), userUsage); help.Flags(f.Output(), f) }
	for {
		if err := f.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				f.SetOutput(stdout)
				f.Usage()
				return nil, err
			}
			return nil, usageError{err}
		}
		if f.NArg() == 0 {
			break
		}
		names, args = append(names, f.Arg(0)), f.Args()[1:]
	}
	if u.data == "" {
		return nil, usageError{errors.New("--data is required: users are kept in the data folder")}
	}
	return names, nil
}

const userActionNames = "add, list, password, revoke, deactivate, activate and remove"

// userActions are what user can do, and with how many names.
var userActions = map[string]struct {
	names int
	do    func(ctx context.Context, users backend.Users, names []string, u *userFlags, stdout io.Writer) error
}{
	"add":        {1, addUser},
	"list":       {0, listUsers},
	"password":   {1, setPassword},
	"revoke":     {1, changeUser("revoked", backend.Users.Revoke)},
	"deactivate": {1, changeUser("deactivated", func(u backend.Users, ctx context.Context, name string) error { return u.SetActive(ctx, name, false) })},
	"activate":   {1, changeUser("activated", func(u backend.Users, ctx context.Context, name string) error { return u.SetActive(ctx, name, true) })},
	"remove":     {1, changeUser("removed", backend.Users.Remove)},
}

func user(ctx context.Context, args []string, stdout, _ io.Writer) (asJSON bool, err error) {
	if len(args) == 0 {
		return false, usageError{errors.New("user needs " + userActionNames)}
	}
	var u userFlags
	action, ok := userActions[args[0]]
	if !ok {
		if _, err := u.parse(args, stdout); errors.Is(err, flag.ErrHelp) {
			return u.json, err
		}
		return u.json, usageError{fmt.Errorf("there is no user %s; there are %s", args[0], userActionNames)}
	}
	names, err := u.parse(args[1:], stdout)
	if err != nil {
		return u.json, err
	}
	if len(names) != action.names {
		return u.json, usageError{fmt.Errorf("user %s takes %d name, not %d", args[0], action.names, len(names))}
	}
	db, err := store.Open(ctx, u.data, "backend", backend.Migrations)
	if err != nil {
		return u.json, err
	}
	return u.json, errors.Join(action.do(ctx, backend.Users{DB: db}, names, &u, stdout), db.Close())
}

// readPassword reads the first line of the password file or of standard input.
func (u *userFlags) readPassword() (string, error) {
	from := io.Reader(os.Stdin)
	if u.passwordFile != "" {
		f, err := os.Open(u.passwordFile)
		if err != nil {
			return "", err
		}
		defer f.Close()
		from = f
	}
	password, err := bufio.NewReader(io.LimitReader(from, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimRight(password, "\r\n"), nil
}

func addUser(ctx context.Context, users backend.Users, names []string, u *userFlags, stdout io.Writer) error {
	password, err := u.readPassword()
	if err != nil {
		return err
	}
	if err := users.Add(ctx, backend.User{Name: names[0], DisplayName: u.displayName, Password: password}); err != nil {
		return fmt.Errorf("user %s: %w", names[0], err)
	}
	return said(stdout, u.json, map[string]string{"added": names[0]}, "added "+names[0])
}

func setPassword(ctx context.Context, users backend.Users, names []string, u *userFlags, stdout io.Writer) error {
	password, err := u.readPassword()
	if err != nil {
		return err
	}
	if err := users.SetPassword(ctx, names[0], password); err != nil {
		return fmt.Errorf("user %s: %w", names[0], err)
	}
	return said(stdout, u.json, map[string]string{"changed": names[0]}, "changed the password of "+names[0])
}

// changeUser returns an action that makes one change and says the word for it.
func changeUser(word string, change func(backend.Users, context.Context, string) error) func(context.Context, backend.Users, []string, *userFlags, io.Writer) error {
	return func(ctx context.Context, users backend.Users, names []string, u *userFlags, stdout io.Writer) error {
		if err := change(users, ctx, names[0]); err != nil {
			return fmt.Errorf("user %s: %w", names[0], err)
		}
		return said(stdout, u.json, map[string]string{word: names[0]}, word+" "+names[0])
	}
}

func listUsers(ctx context.Context, users backend.Users, _ []string, u *userFlags, stdout io.Writer) error {
	list, err := users.List(ctx)
	if err != nil {
		return err
	}
	type entry struct {
		Name        string `json:"name"`
		DisplayName string `json:"display_name"`
		Active      bool   `json:"active"`
	}
	entries, lines := []entry{}, make([]string, 0, len(list))
	for _, user := range list {
		entries = append(entries, entry{user.Name, user.DisplayName, !user.Inactive})
		line := fmt.Sprintf("%-16s  %s", user.Name, user.DisplayName)
		if user.Inactive {
			line += "  (inactive)"
		}
		lines = append(lines, line)
	}
	return said(stdout, u.json, map[string]any{"users": entries}, strings.Join(lines, "\n"))
}

// said prints the object or the text.
func said(stdout io.Writer, asJSON bool, object any, text string) error {
	if asJSON {
		return json.NewEncoder(stdout).Encode(object)
	}
	if text == "" {
		return nil
	}
	_, err := fmt.Fprintln(stdout, text)
	return err
}
