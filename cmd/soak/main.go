// Command soak lets two phones work a simulated shift against the demo platform
// and prints what grew: memory, goroutines, descriptors. It ends with an error
// when they do not return to where they were.
//
//	go run ./cmd/soak -calls 1000 -bin bin
//
// With -sleep it stops a phone's whole process, as a lid that is shut does, for ten
// seconds and for a minute, and judges what the phone does when it wakes.
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
	profiles := flag.String("profiles", "", "a `folder` for heap profiles and memory maps of both measurements; it costs the phones memory of its own")
	asleep := flag.Bool("sleep", false, "put a phone to sleep instead, in a call and out of one")
	flag.Parse()
	if *asleep {
		if err := sleep(ctx, *bin); err != nil {
			fmt.Fprintln(os.Stderr, "soak:", err)
			os.Exit(1)
		}
		return
	}
	if *warm >= *calls {
		fmt.Fprintln(os.Stderr, "soak: -calls must be more than -warm-up")
		os.Exit(2)
	}
	if err := shift(ctx, *bin, *calls, *warm, *talk, *profiles); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}
