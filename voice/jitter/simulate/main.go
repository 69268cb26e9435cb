package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"offhook/internal/listen/speech"
	"offhook/voice/audio/wave"
	"offhook/voice/codec"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "simulate:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("simulate", flag.ContinueOnError)
	nets := flags.String("net", "", "only the networks whose name fits this regular expression")
	trace := flags.String("trace", "", "play through this recorded network instead")
	file := flags.String("speech", "", "WAV file with speech; two voices of espeak-ng without it")
	coding := flags.String("codec", "opus", strings.Join(codec.Names(), ", "))
	length := flags.Duration("packet", 20*time.Millisecond, "10ms or 20ms in a packet")
	bitrate := flags.Int("bitrate", 40000, "of Opus without loss, in bit/s")
	complexity := flags.Int("complexity", 9, "of Opus, 0 to 10")
	seeds := flags.Int("seeds", 1, "runs with different luck, averaged")
	again := flags.String("copies", "", "earlier packets in every packet (RFC 2198), by how far they lie back: 4,2")
	keep := flags.String("out", "", "folder for what was heard")
	if err := flags.Parse(args); err != nil {
		return err
	}
	copies, err := numbers(*again)
	if err != nil {
		return err
	}
	pick, err := regexp.Compile(*nets)
	if err != nil {
		return err
	}
	known, err := recorded()
	if err != nil {
		return err
	}
	list := append(slices.Clone(networks), known...)
	if *trace != "" {
		f, err := os.Open(*trace)
		if err != nil {
			return err
		}
		defer f.Close()
		n, err := readTrace(filepath.Base(*trace), f)
		if err != nil {
			return err
		}
		list = []network{n}
	}
	said, err := talk(*file)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%-30s %6s %6s %7s %7s %7s %8s %7s %7s %7s %7s\n", "network", "STOI", "delay", "at most", "buffer", "target", "made up", "lost", "rescued", "stretch", "µs")
	for _, n := range list {
		if !pick.MatchString(n.name) {
			continue
		}
		var sum result
		for seed := range *seeds {
			r, err := play(n, said, setup{codec: *coding, packet: *length, seed: uint64(seed + 1), bitrate: *bitrate, complexity: *complexity, copies: copies})
			if err != nil {
				return err
			}
			if *keep != "" && seed == 0 {
				if err := store(filepath.Join(*keep, strings.Map(plain, n.name)+".wav"), r.heard); err != nil {
					return err
				}
			}
			k := float64(*seeds)
			sum.stats = r.stats
			sum.stoi += r.stoi / k
			sum.delay += r.delay / k
			sum.worst = max(sum.worst, r.worst)
			sum.cost += r.cost / time.Duration(*seeds)
		}
		s := sum.stats
		fmt.Fprintf(out, "%-30s %6.3f %6.1f %7.1f %7.1f %7.1f %6.2f %% %7d %7d %5d/%-4d %4.0f\n", n.name, sum.stoi, sum.delay, sum.worst, s.DelayMs, s.TargetMs,
			s.ConcealedPercent(), s.Lost, s.Recovered, s.InsertedSamples/48, s.RemovedSamples/48, float64(sum.cost)/1000)
	}
	return nil
}

// numbers reads a list such as 4,2.
func numbers(list string) (out []int, err error) {
	for _, s := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' }) {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is not how far a packet lies back", s)
		}
		out = append(out, n)
	}
	return out, nil
}

func plain(r rune) rune {
	if strings.ContainsRune(" ,%()", r) {
		return '-'
	}
	return r
}

func store(path string, pcm []int16) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	w, err := wave.Create(path)
	if err != nil {
		return err
	}
	if err := w.Write(pcm); err != nil {
		return err
	}
	return w.Close()
}

// talk is the speech to play.
func talk(path string) ([]int16, error) {
	if path != "" {
		return wave.ReadFile(path)
	}
	return speech.Talk(speech.Man, speech.Woman)
}
