package relay_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"offhook/demo/archive"
	"offhook/demo/relay"
	"offhook/voice/recording"
)

// helperVariable makes the test binary a relay of its own, so that its CPU and
// memory can be told from the load generator's.
const helperVariable = "OFFHOOK_RELAY_HELPER"

func TestMain(m *testing.M) {
	if os.Getenv(helperVariable) != "" {
		helper(os.Stdin, os.Stdout)
		return
	}
	goleak.VerifyTestMain(m)
}

// helperCall is one line each way: two offers, two answers; an empty line asks
// for the figures.
type helperCall struct {
	A, B  string
	Error string
}

type helperFigures struct {
	CPUSeconds float64
	RSSBytes   int64
	Goroutines int
}

// recordVariable names the folder where the helper records its calls, if it is set.
const recordVariable = "OFFHOOK_RELAY_RECORDS"

// recordCall records a call of the helper.
func recordCall(folder string, number int, leg *relay.Leg) error {
	key, _, err := recording.GenerateKey()
	if err != nil {
		return err
	}
	a, err := archive.Open(archive.Config{Dir: folder, Key: key, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	take, err := a.Begin(fmt.Sprint("call-", number), "opus", false, func(err error) { panic(err) })
	if err != nil {
		return err
	}
	take.SetActive(true)
	leg.SetTap(take.Tap(false))
	return nil
}

func helper(in io.Reader, out io.Writer) {
	r, err := relay.New(relay.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		panic(err)
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	enc := json.NewEncoder(out)
	for number := 0; lines.Scan(); number++ {
		if len(lines.Bytes()) == 0 {
			_ = enc.Encode(figures())
			continue
		}
		var c helperCall
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			c.Error = err.Error()
		} else if c, err = relayCall(r, c, number); err != nil {
			c.Error = err.Error()
		}
		_ = enc.Encode(c)
	}
}

func relayCall(r *relay.Relay, c helperCall, number int) (answers helperCall, err error) {
	oa, err := relay.ParseOffer(c.A)
	if err != nil {
		return c, err
	}
	ob, err := relay.ParseOffer(c.B)
	if err != nil {
		return c, err
	}
	a, err := r.NewLeg(oa, nil)
	if err != nil {
		return c, err
	}
	b, err := r.NewLeg(ob, nil)
	if err != nil {
		return c, err
	}
	if answers.A, err = a.Answer("opus", ob); err != nil {
		return c, err
	}
	if answers.B, err = b.Answer("opus", oa); err != nil {
		return c, err
	}
	relay.Join(a, b)
	a.Open()
	b.Open()
	if folder := os.Getenv(recordVariable); folder != "" {
		return answers, recordCall(folder, number, a)
	}
	return answers, nil
}

// figures reads this process's own, from Linux's proc file system.
func figures() helperFigures {
	runtime.GC()
	f := helperFigures{Goroutines: runtime.NumGoroutine()}
	if b, err := os.ReadFile("/proc/self/stat"); err == nil {
		fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+2:]))
		user, _ := strconv.ParseFloat(fields[11], 64)
		system, _ := strconv.ParseFloat(fields[12], 64)
		f.CPUSeconds = (user + system) / 100
	}
	if b, err := os.ReadFile("/proc/self/statm"); err == nil {
		pages, _ := strconv.ParseInt(strings.Fields(string(b))[1], 10, 64)
		f.RSSBytes = pages * int64(os.Getpagesize())
	}
	return f
}

// BenchmarkRelayedCalls holds ever more calls at once (Opus frames of 20 ms both
// ways, each call two phones with ICE, DTLS and SRTP) until more than 0.1 % of
// the packets are lost. CPU and memory are those of the relay's process alone;
// the loss counts what the load generator on the same cores loses too. On a
// machine without /proc the figures are 0.
func BenchmarkRelayedCalls(b *testing.B) {
	for _, calls := range []int{1, 10, 100, 200, 400, 800, 1200, 1600, 2000, 2400} {
		lost := false
		b.Run(fmt.Sprint(calls), func(b *testing.B) {
			b.StopTimer()
			lost = benchCalls(b, calls) > 0.001
		})
		if lost {
			return
		}
	}
}

// BenchmarkRecordedCalls is BenchmarkRelayedCalls with 200 calls at once, recorded and
// not.
func BenchmarkRecordedCalls(b *testing.B) {
	for _, folder := range []string{"", b.TempDir()} {
		name := "not recorded"
		if folder != "" {
			name = "recorded"
		}
		b.Run(name, func(b *testing.B) {
			b.StopTimer()
			b.Setenv(recordVariable, folder)
			benchCalls(b, 200)
		})
	}
}

func benchCalls(b *testing.B, calls int) (loss float64) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), helperVariable+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = in.Close(); _ = cmd.Wait() }()
	dec := json.NewDecoder(pipe)
	ask := func() (f helperFigures) {
		if _, err := io.WriteString(in, "\n"); err != nil {
			b.Fatal(err)
		}
		if err := dec.Decode(&f); err != nil {
			b.Fatal(err)
		}
		return f
	}
	id, err := newLightIdentity()
	if err != nil {
		b.Fatal(err)
	}
	idle := ask()
	network, err := newAir()
	if err != nil {
		b.Fatal(err)
	}
	defer network.close()
	var phones []*light
	defer func() {
		for _, p := range phones {
			p.close()
		}
	}()
	for range calls {
		var pair [2]*light
		for i := range pair {
			pair[i] = newLight(network)
			phones = append(phones, pair[i])
		}
		if err := json.NewEncoder(in).Encode(helperCall{A: pair[0].offer(id), B: pair[1].offer(id)}); err != nil {
			b.Fatal(err)
		}
		var answers helperCall
		if err := dec.Decode(&answers); err != nil || answers.Error != "" {
			b.Fatal(err, answers.Error)
		}
		var wg sync.WaitGroup
		for i, answer := range []string{answers.A, answers.B} {
			wg.Go(func() {
				if err := pair[i].connect(id, answer); err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
	}
	if b.Failed() {
		return 1
	}
	// One packet each opens every path before anything is counted.
	for range 5 {
		for _, p := range phones {
			_ = p.send()
		}
		_ = network.flush()
		time.Sleep(20 * time.Millisecond)
	}
	time.Sleep(200 * time.Millisecond)
	var sentBefore, receivedBefore uint64
	for _, p := range phones {
		sentBefore += p.sent
		receivedBefore += p.received.Load()
	}
	before := ask()
	start := time.Now()
	const span = 5 * time.Second
	b.StartTimer()
	// Phones begin when people call: their packets are spread over the 20 ms.
	const slices = 20
	for slice := 1; time.Since(start) < span; slice++ {
		for i := slice % slices; i < len(phones); i += slices {
			if err := phones[i].send(); err != nil {
				b.Fatal(err)
			}
		}
		if err := network.flush(); err != nil {
			b.Fatal(err)
		}
		if rest := time.Until(start.Add(time.Duration(slice) * 20 * time.Millisecond / slices)); rest > 0 {
			time.Sleep(rest)
		}
	}
	took := time.Since(start)
	b.StopTimer()
	time.Sleep(300 * time.Millisecond)
	after := ask()
	var sent, received uint64
	for _, p := range phones {
		sent += p.sent
		received += p.received.Load()
	}
	loss = 1 - float64(received-receivedBefore)/float64(sent-sentBefore)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(100*loss, "%loss")
	b.ReportMetric(float64(sent-sentBefore)/took.Seconds(), "packets/s")
	b.ReportMetric(100*(after.CPUSeconds-before.CPUSeconds)/took.Seconds()/float64(calls), "%core/call")
	b.ReportMetric(float64(after.RSSBytes-idle.RSSBytes)/1024/float64(calls), "KB/call")
	b.ReportMetric(float64(after.Goroutines-idle.Goroutines)/float64(calls), "goroutines/call")
	return loss
}
