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
	profiles := flag.String("profiles", "", "a `folder` for heap profiles and memory maps of both measurements; it costs the phones memory of its own")
	asleep := flag.Bool("sleep", false, "put a phone to sleep instead, in a call and out of one")
	flag.Parse()
	if *warm >= *calls {
		fmt.Fprintln(os.Stderr, "soak: -calls must be more than -warm-up")
		os.Exit(2)
	}
	p := plan{bin: *bin, calls: *calls, warm: *warm, talk: *talk, idle: *idle, profiles: *profiles, devices: *devices}
	work := p.run
	if *asleep {
		work = p.sleep
	}
	if err := work(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}
