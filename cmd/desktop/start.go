package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"offhook/app"
	"offhook/app/control"
	"offhook/app/desktop"
	"offhook/app/headset"
	"offhook/app/integration"
	"offhook/app/logs"
	"offhook/app/profile"
	"offhook/app/provision"
	"offhook/app/proxy"
	"offhook/app/ringer"
	"offhook/app/secrets"
	"offhook/app/signin"
	"offhook/app/wake"
	"offhook/assets/lang"
	"offhook/internal/version"
	"offhook/voice"
	"offhook/voice/audio"
	"offhook/voice/fault"
	"offhook/voice/nodes"
)

// discovery is where this build finds the server of a company by its code, "" for
// nowhere; the linker sets it: -X main.discovery=https://…
var discovery string

// closeLimit bounds a clean end; what is not done by then is cut off.
const closeLimit = 8 * time.Second

// runPhone runs the phone until ctx ends, it is told to quit, or its window is
// closed for good. What it uses of the window stands in w.
func runPhone(ctx context.Context, o options, stdout io.Writer, w *front) (err error) {
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	base, err := profile.Base(o.ConfigDir)
	if err != nil {
		return fault.Wrap(err, fault.ConfigurationInvalid, "program.no-folder")
	}
	dir := profile.Dir(base, o.Profile)
	lock, err := control.Acquire(dir)
	if errors.Is(err, control.ErrRunning) {
		if err := control.HandOver(ctx, dir, o.Link); err != nil {
			return err
		}
		fmt.Fprintln(stdout, "Offhook runs already on the profile "+o.Profile+"; it was told.")
		return nil
	}
	if err != nil {
		return fault.Wrap(err, fault.InternalError, "program.folder-unusable")
	}
	defer lock.Release()

	if err := w.begin(o); err != nil {
		return err
	}
	// What is opened is closed in the reverse order.
	var closers closing
	defer func() { err = errors.Join(err, closers.close()) }()
	redactor := &logs.Redactor{}
	files, err := logs.Open(filepath.Join(dir, logs.Dir), logs.Bounds{Days: 14, Bytes: 50 << 20}, redactor, nil)
	var notes lang.Text
	if err != nil { // a full or read-only disk: the phone works without
		notes = lang.Of("program.no-logs")
		fmt.Fprintln(stdout, notes)
	}
	closers.add(files.Close)
	defer func() {
		if cause := recover(); cause != nil {
			// Before anything is closed; closing the phone then ends its call.
			files.WriteCrash(cause, debug.Stack())
			w.over = true
			err = fault.New(fault.InternalError, "program.crashed")
		}
	}()
	level := new(slog.LevelVar)
	level.Set(o.logLevel)
	log := files.Logger(level)
	crashes, calm, err := files.WatchCrashes()
	if err != nil {
		log.Warn("crash reports can't be kept", "err", err)
	}
	closers.add(func() error { calm(); return nil })
	broken := watchGoroutines(files, quit, &closers)
	defer func() {
		if broken.Load() {
			w.over = true
			err = fault.New(fault.InternalError, "program.crashed")
		}
	}()
	files.TidyCrashes()
	var crashed lang.Text
	for _, c := range crashes {
		log.Error("the last run crashed", "report", filepath.Base(c))
		crashed = lang.Of("program.crashed")
	}

	if o.Demo {
		if err := startDemo(ctx, &o, dir, log, &closers); err != nil {
			return err
		}
	}
	through := proxy.New(proxy.Config{Log: log})
	hc := proxy.NewClient(through)
	known := nodes.New(hc.Transport, log)
	hc.Transport = known
	policy, remark, err := provision.Load(ctx, hc, dir, o.Provision)
	remark = lang.Join(remark, crashed, notes)
	if err != nil {
		return fault.Wrap(err, fault.ConfigurationInvalid, "settings.bad-policy", err.Error())
	}
	system, err := audio.NewSystem(audio.Config{Log: log})
	if err != nil {
		return err
	}
	closers.add(system.Close)
	phone, err := makePhone(o, dir, log, redactor, files, system, through, hc, known, policy, remark)
	if err != nil {
		return err
	}
	keep := phone.Settings().Logs
	files.SetBounds(logs.Bounds{Days: keep.KeepDays, Bytes: int64(keep.MaxMB) << 20})
	if !o.logLevelGiven {
		_ = level.UnmarshalText([]byte(keep.Level)) // the settings hold one of the levels
	}
	server, err := control.Serve(control.Config{Dir: dir, Phone: phone, Quit: quit, Log: log, Secrets: secrets.NewSafe(secrets.NewKeyring(o.Profile))})
	switch {
	case err == nil:
		// The answer to quit is given when every recording is complete, so that the
		// server is closed last of these three.
		closers.last = append(closers.last, server.Finish)
	case noLocalSockets(err):
		// A phone can do without.
		log.Warn("there is no remote control", "err", err)
	default:
		phone.Close(ctx)
		return fault.Wrap(err, fault.InternalError, "program.no-control-socket")
	}
	buttons := headset.New(headset.Config{Phone: phone, Log: log})
	closers.add(func() error { buttons.Close(); return nil })
	teller := integration.New(integration.Config{Phone: phone, HTTP: hc, Log: log, Secret: phone.WebhookSecret})
	closers.add(func() error { teller.Close(); return nil })
	closers.add(func() error {
		limit, cancel := context.WithTimeout(context.Background(), closeLimit)
		defer cancel()
		return phone.Close(limit)
	})

	var signing sync.WaitGroup
	defer signing.Wait()
	defer quit()
	if err := signIn(ctx, o, phone, log, &signing); err != nil {
		return err
	}
	if o.Link != "" {
		if err := phone.OpenLink(ctx, o.Link); err != nil {
			log.Warn("link", "err", err)
		}
	}
	if o.Headless {
		<-ctx.Done()
		return nil
	}
	return w.show(ctx, phone, o, log)
}

// makePhone puts the phone together.
func makePhone(o options, dir string, log *slog.Logger, redactor *logs.Redactor, files *logs.Files, system audio.System,
	through *proxy.Dialer, hc *http.Client, known *nodes.Set, policy *provision.Policy, remark lang.Text) (*app.Phone, error) {
	return app.New(app.Config{
		Dir: dir, Profile: o.Profile, Version: version.Number(), Log: log, HTTP: hc, Nodes: known, Proxy: through, Audio: system, Policy: policy, Remark: remark,
		Unattended: o.Headless, StartAtLogin: loginEntry(o), DiscoveryURL: discovery,
		AudioIn: o.AudioIn, AudioOut: o.AudioOut, RingOut: o.RingOut, Country: systemCountry(),
		Secrets: secrets.NewKeyring(o.Profile), Protect: redactor.Protect, ReadLogs: files.Pack,
		Ringer:   ringer.New(system, log),
		Desktop:  desktop.New(log),
		Sleep:    func(ctx context.Context) <-chan bool { return wake.Follow(ctx, log) },
		Defaults: signin.Credentials{UserName: o.User, AccountSID: o.Account, Server: o.Server, DisplayName: o.DisplayName},
		Engine: func(deviceID string, keepToken func(string)) (app.Engine, error) {
			client, err := voice.New(voice.WithHTTPClient(hc), voice.WithNodes(known), voice.WithLogger(log), voice.WithDeviceID(deviceID), voice.WithAudio(system),
				voice.WithRenewedToken(keepToken), voice.WithLogPacker(files.Pack))
			if err != nil {
				return nil, err
			}
			return app.NewEngine(client), nil
		},
	})
}

// signIn signs in with the password of the command line, or of the demo. A
// sign-in that fails is shown by the phone, which goes on.
func signIn(ctx context.Context, o options, phone *app.Phone, log *slog.Logger, wg *sync.WaitGroup) error {
	password := ""
	switch {
	case o.PasswordFile != "":
		var err error
		if password, err = profile.ReadPassword(o.PasswordFile); err != nil {
			return fault.Wrap(err, fault.InvalidParameter, "program.no-password-file")
		}
	case o.Demo:
		password = demoPassword
	case o.SIPAccount == "":
		return nil
	}
	if err := phone.UpdateSettings(func(s *app.Settings) { s.AudioCheckDone = true }); err != nil {
		log.Warn("settings", "err", err)
	}
	if id, ok := knownSIPAccount(o, phone.Settings()); ok {
		wg.Go(func() {
			if err := phone.SetLinePassword(ctx, id, password); err != nil {
				log.Warn("SIP account", "account", id, "err", err)
			}
		})
		return nil
	}
	if o.SIPAccount != "" {
		wg.Go(func() { useSIPAccount(ctx, o, password, phone, log) })
		return nil
	}
	wg.Go(func() {
		_ = phone.SignIn(ctx, signin.Credentials{
			UserName: o.User, Password: password, AccountSID: o.Account, Server: o.Server, DisplayName: o.DisplayName,
			AllowClearText: o.AllowClearText,
		})
	})
	return nil
}

// knownSIPAccount is the SIP account of the settings, or of a policy, for which the
// password of the command line is: the one that it names without a server, or the
// only one of a phone that has no subscriber.
func knownSIPAccount(o options, set app.Settings) (id string, ok bool) {
	if o.SIPAccount != "" {
		return o.SIPAccount, o.SIPServer == ""
	}
	if !o.Demo && o.User == "" && set.Account.UserName == "" && len(set.SIPAccounts) == 1 {
		return set.SIPAccounts[0].ID, true
	}
	return "", false
}

// useSIPAccount adds the SIP account of the command line, or changes what the
// phone knows of it. Why it does not register is shown by the phone, which goes
// on.
func useSIPAccount(ctx context.Context, o options, password string, phone *app.Phone, log *slog.Logger) {
	user, domain, _ := strings.Cut(o.SIPAccount, "@")
	a := app.SIPAccount{ID: o.SIPAccount}
	for _, known := range phone.Settings().SIPAccounts {
		if known.ID == o.SIPAccount {
			a = known
		}
	}
	if o.DisplayName != "" {
		a.DisplayName = o.DisplayName
	}
	a.AllowClearText = o.AllowClearText || a.AllowClearText && a.Server == o.SIPServer
	a.On, a.User, a.Domain, a.Server = true, user, domain, o.SIPServer
	a.Media, a.OfferICE = o.SIPMedia, o.SIPICE || a.OfferICE
	if o.SIPAuthUser != "" {
		a.AuthUser = o.SIPAuthUser
	}
	if o.SIPProxy != "" {
		a.OutboundProxy = o.SIPProxy
	}
	if o.SIPTransfers != "" {
		a.Transfers = o.SIPTransfers
	}
	a.AutoAnswer = o.SIPAutoAnswer || a.AutoAnswer
	if o.ICEServer != "" {
		a.ICEServers, a.ICEUser, a.RelayOnly = []string{o.ICEServer}, o.ICEUser, o.RelayOnly
	}
	if o.ICEPasswordFile != "" {
		secret, err := profile.ReadPassword(o.ICEPasswordFile)
		if err != nil {
			log.Warn("the file of the TURN password can't be read", "err", err)
		}
		phone.KeepICEPassword(a.ID, secret)
	}
	if err := phone.SaveLine(ctx, a, password); err != nil {
		log.Warn("SIP account", "account", a.ID, "err", err)
	}
}

// closing closes what was opened, the latest first.
type closing struct {
	todo []func() error
	// last is done after all others.
	last []func()
}

func (c *closing) add(f func() error) { c.todo = append(c.todo, f) }

func (c *closing) close() error {
	var errs []error
	for i := len(c.todo) - 1; i >= 0; i-- {
		errs = append(errs, c.todo[i]())
	}
	for _, f := range c.last {
		f()
	}
	return errors.Join(errs...)
}

// sentence is an error for a person: what is wrong, what to do, the code, and on a
// line of its own what the system said.
func sentence(err error) string {
	var f *fault.Error
	var c *control.Failure
	switch {
	case errors.As(err, &f) && f.Cause != nil:
		return fmt.Sprintf("%s [%s]\n  %v", f.Sentence(), f.Type, f.Cause)
	case errors.As(err, &f):
		return fmt.Sprintf("%s [%s]", f.Sentence(), f.Type)
	case errors.As(err, &c):
		return c.Sentence()
	default:
		return fmt.Sprint(err)
	}
}
