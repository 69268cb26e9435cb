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
  offhook-demo user remove NAME --data DIR [--json]

Changes who may sign in; a running platform sees it at once. Without
--password-file the password is the first line of standard input. The platform's
subscriber of the name is made at the first sign-in, and stays when the user is
removed: delete it by the API.

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

func user(ctx context.Context, args []string, stdout, _ io.Writer) (asJSON bool, err error) {
	actions := map[string]struct {
		names int
		do    func(ctx context.Context, users backend.Users, names []string, u *userFlags, stdout io.Writer) error
	}{"add": {1, addUser}, "list": {0, listUsers}, "remove": {1, removeUser}}
	if len(args) == 0 {
		return false, usageError{errors.New("user needs add, list or remove")}
	}
	var u userFlags
	action, ok := actions[args[0]]
	if !ok {
		if _, err := u.parse(args, stdout); errors.Is(err, flag.ErrHelp) {
			return u.json, err
		}
		return u.json, usageError{fmt.Errorf("there is no user %s; there are add, list and remove", args[0])}
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

func addUser(ctx context.Context, users backend.Users, names []string, u *userFlags, stdout io.Writer) error {
	from := io.Reader(os.Stdin)
	if u.passwordFile != "" {
		f, err := os.Open(u.passwordFile)
		if err != nil {
			return err
		}
		defer f.Close()
		from = f
	}
	password, err := bufio.NewReader(io.LimitReader(from, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := users.Add(ctx, backend.User{Name: names[0], DisplayName: u.displayName, Password: strings.TrimRight(password, "\r\n")}); err != nil {
		return fmt.Errorf("user %s: %w", names[0], err)
	}
	return said(stdout, u.json, map[string]string{"added": names[0]}, "added "+names[0])
}

func removeUser(ctx context.Context, users backend.Users, names []string, u *userFlags, stdout io.Writer) error {
	if err := users.Remove(ctx, names[0]); err != nil {
		return fmt.Errorf("user %s: %w", names[0], err)
	}
	return said(stdout, u.json, map[string]string{"removed": names[0]}, "removed "+names[0])
}

func listUsers(ctx context.Context, users backend.Users, _ []string, u *userFlags, stdout io.Writer) error {
	list, err := users.List(ctx)
	if err != nil {
		return err
	}
	type entry struct {
		Name        string `json:"name"`
		DisplayName string `json:"display_name"`
	}
	entries, lines := []entry{}, make([]string, 0, len(list))
	for _, user := range list {
		entries = append(entries, entry{user.Name, user.DisplayName})
		lines = append(lines, fmt.Sprintf("%-16s  %s", user.Name, user.DisplayName))
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
