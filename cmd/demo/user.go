package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"offhook/demo/backend"
	"offhook/demo/store"
	"offhook/internal/cmdline"
)

const userAbout = `Changes who may sign in; a running platform acts on it within a second. Without
--password-file the password is the first line of standard input.

A new password and revoke end every sign-in of the user: tokens, push sockets and
calls. The user may sign in again. deactivate ends sockets and calls, and refuses
the user until activate; the phone then comes back by itself. remove deletes the
user and the platform's subscriber of that name.`

// userFlags is the declaration of the flags of user.
type userFlags struct {
	Data         string `placeholder:"FOLDER" help:"the folder of the platform's databases"`
	PasswordFile string `placeholder:"FILE" help:"the file whose first line is the password"`
	DisplayName  string `placeholder:"NAME" help:"the name that people see"`
	JSON         bool   `name:"json" help:"print JSON"`
}

func (u *userFlags) declare() *cmdline.Program {
	return cmdline.New("offhook-demo user", userAbout, u,
		cmdline.Command{Name: "add", Takes: "NAME", Help: "let somebody sign in", Flags: []string{"password-file", "display-name"}},
		cmdline.Command{Name: "list", Help: "print who may sign in"},
		cmdline.Command{Name: "password", Takes: "NAME", Help: "change a password and end the user's sign-ins", Flags: []string{"password-file"}},
		cmdline.Command{Name: "revoke", Takes: "NAME", Help: "end every sign-in of the user"},
		cmdline.Command{Name: "deactivate", Takes: "NAME", Help: "refuse the user until activate"},
		cmdline.Command{Name: "activate", Takes: "NAME", Help: "let the user sign in again"},
		cmdline.Command{Name: "remove", Takes: "NAME", Help: "delete the user"})
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
	var u userFlags
	name, names, err := u.declare().Parse(args, stdout)
	if err != nil {
		return u.JSON || slices.Contains(args, "--json"), wrongUse(err)
	}
	action, ok := userActions[name]
	switch {
	case !ok:
		return u.JSON, usageError{errors.New("user needs " + userActionNames)}
	case u.Data == "":
		return u.JSON, usageError{errors.New("--data is required: users are kept in the data folder")}
	case len(names) != action.names:
		return u.JSON, usageError{fmt.Errorf("user %s takes %d name, not %d", name, action.names, len(names))}
	}
	db, err := store.Open(ctx, u.Data, "backend", backend.Migrations)
	if err != nil {
		return u.JSON, err
	}
	return u.JSON, errors.Join(action.do(ctx, backend.Users{DB: db}, names, &u, stdout), db.Close())
}

// readPassword reads the first line of the password file or of standard input.
func (u *userFlags) readPassword() (string, error) {
	from := io.Reader(os.Stdin)
	if u.PasswordFile != "" {
		f, err := os.Open(u.PasswordFile)
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
	if err := users.Add(ctx, backend.User{Name: names[0], DisplayName: u.DisplayName, Password: password}); err != nil {
		return fmt.Errorf("user %s: %w", names[0], err)
	}
	return said(stdout, u.JSON, map[string]string{"added": names[0]}, "added "+names[0])
}

func setPassword(ctx context.Context, users backend.Users, names []string, u *userFlags, stdout io.Writer) error {
	password, err := u.readPassword()
	if err != nil {
		return err
	}
	if err := users.SetPassword(ctx, names[0], password); err != nil {
		return fmt.Errorf("user %s: %w", names[0], err)
	}
	return said(stdout, u.JSON, map[string]string{"changed": names[0]}, "changed the password of "+names[0])
}

// changeUser returns an action that makes one change and says the word for it.
func changeUser(word string, change func(backend.Users, context.Context, string) error) func(context.Context, backend.Users, []string, *userFlags, io.Writer) error {
	return func(ctx context.Context, users backend.Users, names []string, u *userFlags, stdout io.Writer) error {
		if err := change(users, ctx, names[0]); err != nil {
			return fmt.Errorf("user %s: %w", names[0], err)
		}
		return said(stdout, u.JSON, map[string]string{word: names[0]}, word+" "+names[0])
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
	return said(stdout, u.JSON, map[string]any{"users": entries}, strings.Join(lines, "\n"))
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
