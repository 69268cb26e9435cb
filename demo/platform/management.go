package platform

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"offhook/demo/endpoint"
	"offhook/voice/wire"

	"github.com/golang-jwt/jwt/v5"
)

const (
	maxBulk     = 10
	maxPageSize = 100
)

// platforms are the values of the token request's platform field (reference,
// sections 4 and 10.11).
var platforms = map[string]bool{"android": true, "ios": true, "desktop": true}

func (s *Server) postSubscriberToken(w http.ResponseWriter, r *http.Request) error {
	account, err := s.checkBasic(r)
	if err != nil {
		return err
	}
	if !account.VoIP {
		return errVoIPNotEnabled
	}
	var req struct {
		Platform string `json:"platform"`
		DeviceID string `json:"device_id"`
		Name     string `json:"subscriber_name"`
	}
	if err := endpoint.ReadObject(w, r, &req); err != nil {
		return err
	}
	switch {
	case !platforms[strings.ToLower(req.Platform)]:
		return badParameter("platform must be android, ios or desktop")
	case !deviceForm.MatchString(req.DeviceID):
		return badParameter("device_id must be 1 to 128 printable ASCII characters without spaces")
	case !nameForm.MatchString(req.Name):
		return badName()
	}
	pair, err := s.subscriberToken(r.Context(), account, req.Name, req.DeviceID)
	if err != nil {
		return err
	}
	respond(w, r, http.StatusOK, nil, success(map[string]any{"subscriber_name": req.Name, "subscriber_token": pair}))
	return nil
}

func badName() *apiError {
	return badParameter("subscriber_name must be 1 to 16 letters and digits")
}

// subscriberToken creates an unknown subscriber unless the account forbids it
// (dynamic provisioning: reference, section 10.26).
func (s *Server) subscriberToken(ctx context.Context, account *Account, name, device string) (wire.TokenPair, error) {
	sub, err := s.find(ctx, account.SID, name)
	if err == errSubscriberNotFound {
		if account.Preprovisioned {
			return wire.TokenPair{}, &apiError{status: http.StatusForbidden, code: wire.CodeNotFound, description: "Subscriber not found, and this account takes none by signing in"}
		}
		// Two first sign-ins at once: the second finds what the first made.
		if sub, err = s.create(ctx, account.SID, name, nil); err == errDuplicate {
			sub, err = s.find(ctx, account.SID, name)
		}
	}
	if err != nil {
		return wire.TokenPair{}, err
	}
	if sub.status != StatusActive {
		return wire.TokenPair{}, errInactive
	}
	id, err := s.clientID(ctx, account.SID, name, device)
	if err != nil {
		return wire.TokenPair{}, err
	}
	family, err := s.newFamily(ctx, account.SID, name, device)
	if err != nil {
		return wire.TokenPair{}, err
	}
	return s.issuePair(tokenClaims{RegisteredClaims: jwt.RegisteredClaims{Subject: name}, ClientID: id, DeviceID: device, AccountSID: account.SID, Family: family})
}

func (s *Server) postSubscribers(w http.ResponseWriter, r *http.Request) error {
	account, err := s.checkBasic(r)
	if err != nil {
		return err
	}
	type entry struct {
		Name        string  `json:"subscriber_name"`
		CustomField *string `json:"custom_field"`
	}
	var req struct {
		Subscribers []entry `json:"subscribers"`
	}
	if err := endpoint.ReadObject(w, r, &req); err != nil {
		return err
	}
	if n := len(req.Subscribers); n < 1 || n > maxBulk {
		return badParameter("subscribers must hold 1 to %d entries", maxBulk)
	}
	items := make([]Item, 0, len(req.Subscribers))
	var counts struct {
		Failed  int `json:"failed"`
		Success int `json:"success"`
	}
	for _, e := range req.Subscribers {
		item, err := s.createOne(r.Context(), account, e.Name, e.CustomField)
		if err != nil {
			return err
		}
		if item.Status == statusSuccess {
			counts.Success++
		} else {
			counts.Failed++
		}
		items = append(items, item)
	}
	respond(w, r, http.StatusMultiStatus, counts, items)
	return nil
}

// createOne makes one entry of a bulk request. What is wrong with the entry is
// in the item; the error is the platform's own.
func (s *Server) createOne(ctx context.Context, account *Account, name string, field *string) (Item, error) {
	switch {
	case !nameForm.MatchString(name):
		return badName().item(), nil
	case field != nil && len(*field) > maxCustomField:
		return badField().item(), nil
	}
	sub, err := s.create(ctx, account.SID, name, field)
	if err == errDuplicate {
		return errDuplicate.item(), nil
	}
	return success(s.object(sub)), err
}

func badField() *apiError {
	return badParameter("custom_field must be null or a string of at most %d bytes", maxCustomField)
}

func (s *Server) getSubscriber(w http.ResponseWriter, r *http.Request) error {
	account, err := s.checkBasic(r)
	if err != nil {
		return err
	}
	sub, err := s.find(r.Context(), account.SID, r.PathValue("name"))
	if err != nil {
		return err
	}
	respond(w, r, http.StatusOK, nil, success(s.object(sub)))
	return nil
}

func (s *Server) putSubscriber(w http.ResponseWriter, r *http.Request) error {
	account, err := s.checkBasic(r)
	if err != nil {
		return err
	}
	var req struct {
		Status      string          `json:"status"`
		CustomField json.RawMessage `json:"custom_field"`
	}
	if err := endpoint.ReadObject(w, r, &req); err != nil {
		return err
	}
	if req.Status != StatusActive && req.Status != StatusInactive {
		return badParameter("status must be active or inactive")
	}
	var field *string
	if len(req.CustomField) > 0 {
		if err := json.Unmarshal(req.CustomField, &field); err != nil || field != nil && len(*field) > maxCustomField {
			return badField()
		}
	}
	name := r.PathValue("name")
	if err := s.update(r.Context(), account.SID, name, req.Status, len(req.CustomField) > 0, field); err != nil {
		return err
	}
	sub, err := s.find(r.Context(), account.SID, name)
	if err != nil {
		return err
	}
	respond(w, r, http.StatusOK, nil, success(s.object(sub)))
	return nil
}

func (s *Server) deleteSubscriber(w http.ResponseWriter, r *http.Request) error {
	account, err := s.checkBasic(r)
	if err != nil {
		return err
	}
	if err := s.remove(r.Context(), account.SID, r.PathValue("name")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// postRevoke ends the subscriber's tokens, push sockets, SIP password and calls.
func (s *Server) postRevoke(w http.ResponseWriter, r *http.Request) error {
	account, err := s.checkBasic(r)
	if err != nil {
		return err
	}
	if err := s.revoke(r.Context(), account.SID, r.PathValue("name")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) getSubscribers(w http.ResponseWriter, r *http.Request) error {
	account, err := s.checkBasic(r)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	status := query.Get("status")
	if status != "" && status != StatusActive && status != StatusInactive {
		return badParameter("status must be active or inactive")
	}
	size, offset, err := paging(query)
	if err != nil {
		return err
	}
	subs, total, err := s.Subscribers(r.Context(), account.SID, status, size, offset)
	if err != nil {
		return err
	}
	items := make([]Item, 0, len(subs))
	for _, sub := range subs {
		items = append(items, success(sub))
	}
	respond(w, r, http.StatusOK, pagesAround(r.URL.Path, status, size, offset, total), items)
	return nil
}

// paging reads which page of a list is wanted.
func paging(query url.Values) (size, offset int, err error) {
	if size, err = bounded(query, "page_size", maxPageSize, 1, maxPageSize); err != nil {
		return 0, 0, err
	}
	offset, err = bounded(query, "offset", 0, 0, 1<<31)
	return size, offset, err
}

func bounded(query url.Values, name string, otherwise, least, most int) (int, error) {
	text := query.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, badParameter("%s must be a whole number from %d to %d", name, least, most)
	}
	return n, nil
}

// pages are the metadata of a list; a page that does not exist is null.
type pages struct {
	Previous *string `json:"prev_page_uri"`
	Next     *string `json:"next_page_uri"`
	First    *string `json:"first_page_uri"`
}

func pagesAround(path, status string, size, offset, total int) (p pages) {
	at := func(offset int) *string {
		uri := fmt.Sprintf("%s?offset=%d&page_size=%d", path, offset, size)
		if status != "" {
			uri += "&status=" + status
		}
		return &uri
	}
	p.First = at(0)
	if offset > 0 {
		p.Previous = at(max(0, offset-size))
	}
	if offset+size < total {
		p.Next = at(offset + size)
	}
	return p
}
