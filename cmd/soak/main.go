// Command soak lets two phones work a simulated shift against the demo platform
// and prints what grew: memory, goroutines, descriptors. It ends with an error
// when they do not return to where they were.
//
//	go run ./cmd/soak -calls 1000 -bin bin
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	bin := flag.String("bin", "bin", "the `folder` of offhook and offhook-demo")
	calls := flag.Int("calls", 1000, "how many calls")
	warm := flag.Int("warm-up", 250, "how many of them go before the first measurement")
	talk := flag.Duration("talk", 250*time.Millisecond, "how long each answered call talks")
	idle := flag.Duration("idle", 5*time.Second, "how long nobody calls after each hundred calls")
	devices := flag.Bool("devices", true, "one phone has the devices of a PulseAudio, and a headset comes and goes in its calls")
	asleep := flag.Duration("asleep", 0, "no calls: stop a phone for so `long`, as a machine that sleeps, and measure until it is ready again")
	profiles := flag.String("profiles", "", "a `folder` for heap profiles and memory maps of both measurements; it costs the phones memory of its own")
	flag.Parse()
	if *asleep > 0 && *asleep < time.Minute {
		fmt.Fprintln(os.Stderr, "soak: -asleep must be a minute or more: before that the platform keeps the sockets")
		os.Exit(2)
	}
	if *warm >= *calls {
		fmt.Fprintln(os.Stderr, "soak: -calls must be more than -warm-up")
		os.Exit(2)
	}
	p := plan{bin: *bin, calls: *calls, warm: *warm, talk: *talk, idle: *idle, profiles: *profiles, devices: *devices}
	work := p.run
	if *asleep > 0 {
		work = func(ctx context.Context) error { return p.sleep(ctx, *asleep) }
	}
	if err := work(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}
