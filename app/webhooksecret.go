package app

import (
	"errors"

	"offhook/app/secrets"
	"offhook/voice/fault"
)

// secretWebhook is the keyring's name of the key that webhooks are signed with.
const secretWebhook = "webhook"

// SetWebhookSecret keeps the key that webhooks are signed with in the keyring; ""
// forgets it. That of a policy goes before it.
func (p *Phone) SetWebhookSecret(secret string) error {
	var err error
	if secret == "" {
		err = p.secrets.Delete(secretWebhook)
	} else {
		p.cfg.Protect(secret)
		err = p.secrets.Set(secretWebhook, secret)
	}
	p.noteKeyring()
	if err != nil && !p.Snapshot().Account.KeyringMissing {
		return fault.Wrap(err, fault.InternalError, "keyring.keeps-webhook-secret")
	}
	return nil
}

// WebhookSecret is the key that webhooks are signed with, "" for none. It may wait for
// the keyring for a few seconds.
func (p *Phone) WebhookSecret() string {
	if p.cfg.Policy != nil && p.cfg.Policy.WebhookSecret != "" {
		return p.cfg.Policy.WebhookSecret
	}
	secret, err := p.secrets.Get(secretWebhook)
	if err != nil && !errors.Is(err, secrets.ErrNotFound) {
		p.log.Warn("webhook secret", "err", err)
	}
	return secret
}
