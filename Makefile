# The commands of every clone; README.md explains them.
SHELL   := /bin/bash
TAGS    := nolibopusfile,migrated_fynedo
PATH    := $(PATH):/usr/local/go/bin
VERSION := $(shell packaging/version.sh)
LDFLAGS := -X offhook/internal/version.linked=$(VERSION)

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
ACTIONLINT  := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

export PATH
export GOFLAGS := -tags=$(TAGS)

EXE := $(shell go env GOEXE 2>/dev/null)

.PHONY: all build demo tour window-test test lint bench soak sleep mutations interop package package-test service-test reproducible deps-build deps-lint deps-test deps-package deps-interop clean

all: build

deps-build:
	@packaging/deps.sh build

deps-lint:
	@packaging/deps.sh lint

deps-test:
	@packaging/deps.sh test

build: deps-build ## the phone, the same without a window's code, and the demo platform, into bin/
	go build -trimpath -ldflags "$(LDFLAGS)" -o bin/offhook$(EXE) ./cmd/desktop
	go build -trimpath -ldflags "$(LDFLAGS)" -tags $(TAGS),headless -o bin/offhook-headless$(EXE) ./cmd/desktop
	go build -trimpath -ldflags "$(LDFLAGS)" -o bin/offhook-demo$(EXE) ./cmd/demo

# On a machine with a display: the phone, against the embedded platform.
# Without one: the same phone on a virtual display makes a scripted call and
# leaves pictures and a report in out/.
demo: build
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname -s)" != Linux ]; then \
		exec bin/offhook$(EXE) --demo; \
	else \
		$(MAKE) --no-print-directory tour; \
	fi

tour: deps-test build
	go run ./cmd/tour -phone bin/offhook -platform bin/offhook-demo -out out

# The real window under Xvfb, with real keys and a real pointer: ten rings wherever
# the window is, under two window managers, ten calls by keys alone, keys that are
# held, presses behind moves, and a panel that takes no focus from other work.
window-test: deps-test ## the real window, worked key by key on a virtual display
	go test -tags $(TAGS),realwindow -count=1 -timeout 20m -run '^TestRealWindow' ./ui

# The second line has the machine to itself: whole phones that talk and are
# listened to. The third works the real window.
# Pictures, layouts and the simulations of the echo canceller run on one goroutine each:
# the race detector finds nothing there and takes five times as long.
ALONE = ^Test(NoTextIsCut|(Account|Failure|Floating|Panel|Recording|Transfer|TwoCall|WrapUp|)Pictures(OfOtherSizes)?|TheFirstPictureStays|TheTabKeyWalksEveryScreen|EchoOfARoomIsCancelled|SpeechIsKept|ThePathOfTheEchoChanges|AnEchoThatComesLate|WithoutEchoNothingIsTaken)$$
ALONE_IN = ./ui ./voice/audio/process

test: deps-test ## every test, with the race detector where there is more than one goroutine
	go test -race -timeout 20m -skip '$(ALONE)' $$(go list ./... | grep -v '^offhook/cmd/')
	go test -timeout 20m -run '$(ALONE)' $(ALONE_IN)
	go test -race -p 1 -timeout 20m ./cmd/...
	$(MAKE) --no-print-directory window-test

lint: deps-lint ## gofmt, vet (for macOS and Windows too), staticcheck, what nothing uses, shellcheck, actionlint, and govulncheck where it can reach its data
	@unformatted=$$(gofmt -l $$(git ls-files '*.go' 2>/dev/null || find . -name '*.go')); \
	if [ -n "$$unformatted" ]; then echo "gofmt is due on:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go vet -tags $(TAGS),realwindow ./ui
	@packaging/vetothers.sh
	go run $(STATICCHECK) ./...
	go run ./internal/unused
	@packaging/lintscripts.sh $(ACTIONLINT)
	@packaging/vulncheck.sh $(GOVULNCHECK)

bench: deps-test ## the phone's own figures, each beside its floor
	go test -run '^$$' -bench . -benchmem ./...

soak: build deps-test ## a simulated shift of 1,000 calls, with sockets cut and a headset that comes and goes; prints what grows
	go run ./cmd/soak -bin bin

sleep: build ## a phone that is stopped for ten seconds and for a minute, in a call and out of one; two minutes
	go run ./cmd/soak -sleep -bin bin

mutations: deps-test ## 200,000 broken messages and 10,000 exchanges in any order, for the night
	go test -race -timeout 60m -run '^(TestMutations|TestReorderedExchanges|TestRingGroupAnswered)$$' ./voice/sip -mutations 200000 -exchanges 10000

deps-interop:
	@packaging/deps.sh interop

interop: deps-interop build ## calls with software that others wrote, and the platform's console in Chromium
	go run ./interop -bin bin -doc docs/interop.md
	go test -tags=$(TAGS),interop -run 'Chromium|Interop' -v ./demo/... ./cmd/desktop

deps-package:
	@packaging/deps.sh package

package: deps-package ## installers into dist/
	packaging/package.sh

package-test: deps-package ## the packages, installed in a bare Debian and under Wine, started, called, upgraded, removed
	packaging/test/all.sh out/packages

service-test: deps-package ## the platform as a service, in a bare Debian that systemd boots
	packaging/test/service.sh

reproducible: deps-build ## two builds in two folders, compared
	packaging/test/reproducible.sh

clean:
	rm -rf bin out dist
