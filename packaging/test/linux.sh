#!/usr/bin/env bash
# Tests the Linux packages: first what can be read without installing them, then where nothing else is installed, a
# bare Debian root. There the .deb is installed with its dependencies alone, the phone started on a virtual display,
# `echo` called and heard, the package upgraded over a profile with data, and removed; then nothing may be left of it
# but the user's own files. The phone without a window is installed there before it, by itself, and calls over a
# platform outside. After that the same root takes the .rpms. Needs root.
#   linux.sh OLD-DIST NEW-DIST OUT
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# = 3 ] || { echo "linux.sh OLD-DIST NEW-DIST OUT" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "This test installs into a root of its own, and has to be root for it." >&2; exit 1; }
old=$(realpath "$1") new=$(realpath "$2")
mkdir -p "$3"
out=$(realpath "$3")

work=$(mktemp -d /tmp/offhook-package-test.XXXXXX)
xvfb='' platform=''
finish() {
  [ -z "$xvfb" ] || kill "$xvfb" 2>/dev/null || true
  [ -z "$platform" ] || kill "$platform" 2>/dev/null || true
  # The mounts were made in a namespace that ended with its last process. Were one left, nothing is deleted.
  if grep -q " $work" /proc/self/mounts; then
    echo "Something is still mounted below $work; it is left there." >&2
  else
    rm -rf --one-file-system "$work"
  fi
}
trap finish EXIT

# What Debian asks of its own packages alone does not hold: that it has the Apache licence elsewhere and knows no field
# License, the form of its change log (CHANGELOG.md is the phone's), and programs that load at any address, whose
# relocations cost a Go program some megabytes of memory.
lintian --no-cfg --fail-on error,warning --suppress-tags copyright-file-contains-full-apache-2-license,unknown-field,no-changelog,hardening-no-pie \
  "$new"/*.deb >"$work/lintian" 2>&1 || { cat "$work/lintian" >&2; exit 1; }
for name in offhook offhook-headless offhook-demo; do
  dpkg-deb -x "$new/$name"-[0-9]*.deb "$work/$name"
  go version -m "$work/$name/usr/bin/$name" | awk '$1 == "dep" {print $2, $3}' >"$work/linked"
  grep -c . "$work/linked" >"$work/count"
  grep -A 1 '^=====' "$work/$name/usr/share/doc/$name/copyright" >"$work/told"
  grep -vxFf "$work/told" "$work/linked" && { echo "$name: the licences of these are not in the package." >&2; exit 1; }
  echo "$name: the licences of all $(cat "$work/count") modules in it are there; it needs $(dpkg-deb -f "$new/$name"-[0-9]*.deb Depends | tr ',' '\n' | wc -l) packages"
done

root=$work/root
"$here/bare.sh" "$root"
cp "$old"/offhook-[0-9]*.deb "$root/tmp/old.deb"
cp "$new"/offhook-[0-9]*.deb "$root/tmp/new.deb"
cp "$new"/offhook-headless-*.deb "$root/tmp/headless.deb"
cp "$new"/offhook-[0-9]*.rpm "$work/new.rpm"
cp "$new"/offhook-headless-*.rpm "$work/headless.rpm"
cp "$here/linux-inside.sh" "$root/tmp/"
mkdir "$root/tmp/papers"
cp -r "$new"/* "$root/tmp/papers/"
"$here/blocks.sh" sh "make package-test" >"$root/tmp/papers.sh"

(cd "$here/../.." && GOFLAGS=-tags=nolibopusfile,migrated_fynedo go build -o "$work/offhook-demo" ./cmd/demo)
"$work/offhook-demo" serve --listen 127.0.0.1:0 --media-listen 127.0.0.1:0 --json >"$work/platform.json" 2>"$work/platform.log" &
platform=$!
for _ in $(seq 150); do [ -s "$work/platform.json" ] && break; sleep 0.2; done
sed -nE 's/.*"url":"([^"]+)".*/\1/p' "$work/platform.json" >"$root/tmp/platform"
[ -s "$root/tmp/platform" ] || { cat "$work/platform.log" >&2; exit 1; }

# The display is the machine's; the phone's drawing is done by what its package brings into the root.
mkfifo "$work/number"
Xvfb -displayfd 3 -screen 0 900x760x24 -nolisten tcp -noreset -ac 3>"$work/number" >"$work/xvfb.log" 2>&1 &
xvfb=$!
read -r number <"$work/number"

started=$EPOCHREALTIME
unshare --mount --pid --fork --propagation private --kill-child "$here/linux-mounted.sh" "$root" ":$number" "$out" "$work"
echo "The packages of $(basename "$new"/offhook-[0-9]*.deb .deb) were installed, started, called, upgraded and removed in $(bc <<<"($EPOCHREALTIME - $started) / 1") s."
