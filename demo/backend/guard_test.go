package backend

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// Guesses that come at once are as few as those that come one after another.
func TestGuessesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var mu sync.Mutex
	answers := map[int]int{}
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			res, err := w.http.Client().Post(w.http.URL+"/v1/login", "application/json", strings.NewReader(loginBody("alice", fmt.Sprint("guess", i), "acme", fmt.Sprint("device", i))))
			if err != nil {
				t.Error(err)
				return
			}
			res.Body.Close()
			mu.Lock()
			defer mu.Unlock()
			answers[res.StatusCode]++
		})
	}
	wg.Wait()
	if answers[http.StatusForbidden] != 5 || answers[http.StatusTooManyRequests] != 55 {
		t.Errorf("60 guesses at once: %v", answers)
	}
}

// A stranger can't lock a user out of the device on which the user has signed in,
// from wherever the guesses come.
func TestAStrangerLocksNobodyOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own := request{"POST", "/v1/login", loginBody("alice", "pw a", "acme", "alices"), ""}
	if a := w.do(own); a.status != http.StatusOK {
		t.Fatal(a.status)
	}
	for i := range 20 {
		w.do(request{"POST", "/v1/login", loginBody("alice", "guess", "acme", fmt.Sprint("strangers", i)), ""})
	}
	if a := w.do(request{"POST", "/v1/login", loginBody("alice", "pw a", "acme", "strangers"), ""}); a.status != http.StatusTooManyRequests {
		t.Errorf("the stranger goes on: %d", a.status)
	}
	if a := w.do(own); a.status != http.StatusOK {
		t.Errorf("alice on her own device: %d", a.status)
	}
}

func TestWhatIsNoNameIsNotHashed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, row := range []struct{ user, password string }{
		{strings.Repeat("a", 17), "p"}, {strings.Repeat("a", 60000), "p"}, {"", "p"}, {"al ice", "p"}, {"alice\x00", "p"}, {"alice", ""}, {"alice", strings.Repeat("p", 73)},
	} {
		for range 7 { // more often than a name may be wrong
			if a := w.do(request{"POST", "/v1/login", loginBody(row.user, row.password, "acme", "d"), ""}); a.status != http.StatusForbidden {
				t.Errorf("%.20q with a password of %d bytes: %d", row.user, len(row.password), a.status)
			}
		}
	}
}

// TestGuardBuckets empties each bucket in turn.
func TestGuardBuckets(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		at     func(i int) *try // the i-th guess
		passes int
		other  *try // is let in all the same
	}{
		{"one user from one address", func(int) *try { return &try{user: "a", address: "192.0.2.1"} }, 5, &try{user: "b", address: "192.0.2.1"}},
		{"one user from one network", func(i int) *try { return &try{user: "a", address: fmt.Sprintf("192.0.2.%d", i%200)} }, 5, &try{user: "a", address: "198.51.100.1"}},
		{"one user from one IPv6 network", func(i int) *try { return &try{user: "a", address: fmt.Sprintf("2001:db8::%x", i)} }, 5, &try{user: "a", address: "2001:db8:0:1::1"}},
		{"one user from everywhere", func(i int) *try { return &try{user: "a", address: fmt.Sprintf("10.%d.%d.1", i/250, i%250)} }, userBurst, &try{user: "a", device: "own", known: true, address: "10.0.0.9"}},
		{"all users from one address", func(i int) *try { return &try{user: fmt.Sprint("u", i), address: "192.0.2.1"} }, addressBurst, &try{user: "a", address: "192.0.2.2"}},
		{"all users from one network", func(i int) *try { return &try{user: fmt.Sprint("u", i), address: fmt.Sprintf("192.0.2.%d", i%200)} }, networkBurst, &try{user: "a", address: "192.0.3.2"}},
		{"a known device", func(int) *try { return &try{user: "a", device: "own", known: true, address: "192.0.2.1"} }, 5, &try{user: "a", address: "192.0.2.1"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			at := time.Unix(1e9, 0)
			g := newGuard(func() time.Time { return at })
			passed := 0
			for i := range 2000 {
				if g.begin(row.at(i)) == 0 {
					passed++
				}
			}
			if passed != row.passes {
				t.Errorf("%d guesses were tested, want %d", passed, row.passes)
			}
			if wait := g.begin(row.other); wait != 0 {
				t.Errorf("somebody else waits %v", wait)
			}
			at = at.Add(time.Hour)
			if g.begin(row.at(0)) != 0 {
				t.Error("an hour later all is as it was")
			}
		})
	}
}

// What was right costs nothing: a whole office signs in from one address.
func TestGuardGivesBack(t *testing.T) {
	t.Parallel()
	g := newGuard(func() time.Time { return time.Unix(1e9, 0) })
	for i := range 3 * networkBurst {
		one := &try{user: fmt.Sprint("u", i), address: "192.0.2.1"}
		if wait := g.begin(one); wait != 0 {
			t.Fatalf("sign-in %d waits %v", i, wait)
		}
		g.succeeded(one)
	}
}

// However many guess, somebody who has made no mistake finds a place.
func TestSuspectsLeaveAPlace(t *testing.T) {
	t.Parallel()
	h := newHashing()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 10 * cap(h.all) {
		wg.Go(func() { _ = h.run(ctx, true, func() { <-ctx.Done() }) })
	}
	for len(h.suspect) < cap(h.suspect) {
		time.Sleep(time.Millisecond)
	}
	if err := h.run(t.Context(), false, func() {}); err != nil {
		t.Error(err)
	}
	cancel()
	wg.Wait()
	if len(h.all)+len(h.suspect) != 0 {
		t.Error("a place was not given back")
	}
}

// Who guesses with another name each time is suspected by the address after a few, and
// waits behind colleagues: also behind one from the same address, on a known device.
func TestNamesAreSprayed(t *testing.T) {
	t.Parallel()
	g := newGuard(func() time.Time { return time.Unix(1e9, 0) })
	for i := range 20 {
		guess := &try{user: fmt.Sprint("u", i), address: "192.0.2.1"}
		if g.begin(guess) != 0 {
			t.Fatal("the guesses end")
		}
		if guess.suspect != (i >= honest) {
			t.Errorf("guess %d is suspected: %t", i, guess.suspect)
		}
	}
	for _, colleague := range []*try{{user: "a", address: "192.0.2.1", device: "own", known: true}, {user: "b", address: "198.51.100.1"}} {
		if g.begin(colleague) != 0 || colleague.suspect {
			t.Errorf("%s is taken for a guesser", colleague.user)
		}
		g.succeeded(colleague)
	}
	office := newGuard(func() time.Time { return time.Unix(1e9, 0) })
	for i := range 100 {
		right := &try{user: fmt.Sprint("u", i), address: "192.0.2.1"}
		if office.begin(right) != 0 || right.suspect {
			t.Errorf("colleague %d of an office is taken for a guesser", i)
		}
		office.succeeded(right)
	}
}

// BenchmarkSignInBesideGuesses measures a colleague's sign-in while 40 connections from
// 40 networks guess, each with another name at each try, at the usual cost of a hash.
func BenchmarkSignInBesideGuesses(b *testing.B) {
	w := newWorldOf(b, bcrypt.DefaultCost)
	handler := w.server.Handler()
	signIn := func(from, user, password, device string) int {
		r := httptest.NewRequest("POST", "/v1/login", strings.NewReader(loginBody(user, password, "acme", device)))
		r.RemoteAddr = from + ":4000"
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, r)
		return answer.Code
	}
	colleague := func() time.Duration {
		began := time.Now()
		if code := signIn("192.0.2.9", "alice", "pw a", "alices"); code != http.StatusOK {
			b.Fatal(code)
		}
		return time.Since(began)
	}
	var alone, beside []time.Duration
	for range b.N {
		alone = append(alone, colleague())
	}
	var guessing sync.WaitGroup
	var hashed atomic.Int64
	stop, suspected := make(chan struct{}), make(chan struct{})
	for n := range 40 {
		guessing.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if signIn(fmt.Sprintf("198.51.%d.1", n), fmt.Sprintf("u%dx%d", n, i), "guess", "d") == http.StatusForbidden {
					if hashed.Add(1) == 40*(honest+1) {
						close(suspected)
					}
				} else {
					runtime.Gosched() // refused unread
				}
			}
		})
	}
	<-suspected
	b.ResetTimer()
	for range b.N {
		beside = append(beside, colleague())
	}
	b.StopTimer()
	close(stop)
	guessing.Wait()
	for name, took := range map[string][]time.Duration{"alone": alone, "beside": beside} {
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-"+name)
		b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "ms-p95-"+name)
	}
}
