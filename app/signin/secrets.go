package signin

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/google/uuid"

	"offhook/app/backend"
	"offhook/app/secrets"
	"offhook/app/settings"
	"offhook/voice/fault"
	"offhook/voice/wire"
)

// The names of the secrets in the keyring.
const (
	password = "password"
	token    = "subscriber_token"
)

// Secrets keeps the password and the tokens of the subscriber in the keyring.
type Secrets struct {
	Safe *secrets.Safe
	// Protect is told each secret, so that the log can never hold it.
	Protect func(secret string)
	// Used is called after the keyring was used, which may have failed.
	Used func()
}

// KeepPassword stores the password of a sign-in that worked.
func (s *Secrets) KeepPassword(p string) { _ = s.Safe.Set(password, p) }

// Token is a token pair in the engine's form.
func Token(pair wire.TokenPair) (string, error) {
	data, err := json.Marshal(pair)
	return string(data), err
}

// KeepRenewed stores a token pair in the engine's form.
func (s *Secrets) KeepRenewed(pair string) {
	s.ProtectToken(pair)
	_ = s.Safe.Set(token, pair)
	s.Used()
}

// ProtectToken keeps a token pair in the engine's form out of the log.
func (s *Secrets) ProtectToken(pair string) {
	var p wire.TokenPair
	if json.Unmarshal([]byte(pair), &p) == nil {
		s.Protect(p.AccessToken)
		s.Protect(p.RefreshToken)
	}
}

// Token returns the token pair that is stored, in the engine's form.
func (s *Secrets) Token() (string, error) {
	pair, err := s.Safe.Get(token)
	s.Used()
	if err == nil {
		s.ProtectToken(pair)
	}
	return pair, err
}

// Forget removes the password and the tokens. It tries both and returns the first
// error.
func (s *Secrets) Forget() error {
	err := s.Safe.Delete(password)
	if derr := s.Safe.Delete(token); err == nil {
		err = derr
	}
	return err
}

// LogIn logs in with the stored password, keeps the new token pair, and returns it in
// the engine's form. INVALID_CREDENTIALS also says that there is no password.
func (s *Secrets) LogIn(ctx context.Context, at *backend.Client, a settings.Account, deviceID string) (pair string, err error) {
	stored, err := s.Safe.Get(password)
	if errors.Is(err, secrets.ErrNotFound) {
		return "", fault.New(fault.InvalidCredentials, "sign-in.expired")
	}
	if err != nil {
		s.Used()
		return "", fault.Wrap(err, fault.InternalError, "keyring.locked")
	}
	s.Protect(stored)
	login, err := at.Login(ctx, backend.LoginRequest{UserName: a.UserName, Password: stored, AccountSID: a.AccountSID, DeviceID: deviceID})
	if err != nil {
		return "", err
	}
	if pair, err = Token(login.Token); err == nil {
		s.KeepRenewed(pair)
	}
	return pair, err
}

// Owner names the account whose data a file holds.
func Owner(a settings.Account) string {
	return a.Server + "|" + a.AccountSID + "|" + a.SubscriberName
}

// DeviceToken names this installation's inbox of an account. It is stable, so that a
// restart replaces its own older socket and nobody else's.
func DeviceToken(deviceID string, a settings.Account) string {
	own, err := uuid.Parse(deviceID)
	if err != nil {
		own = uuid.NameSpaceOID
	}
	return uuid.NewSHA1(own, []byte(Owner(a))).String()
}
