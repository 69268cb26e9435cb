#!/usr/bin/env bash
# Tests the Linux packages where nothing else is installed: a bare Debian root. There the .deb is installed with its
# dependencies alone, the phone started on a virtual display, `echo` called and heard, the package upgraded over a
# profile with data, and removed; then nothing may be left of it but the user's own files. After that the same root
# takes the .rpm. Needs root.
#   linux.sh OLD-DIST NEW-DIST OUT
# OFFHOOK_TEST_ROOT may name a fresh debootstrap (minbase) to copy instead of making one; it is left as it is.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# = 3 ] || { echo "linux.sh OLD-DIST NEW-DIST OUT" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "This test installs into a root of its own, and has to be root for it." >&2; exit 1; }
old=$(realpath "$1") new=$(realpath "$2")
mkdir -p "$3"
out=$(realpath "$3")

work=$(mktemp -d /tmp/offhook-package-test.XXXXXX)
xvfb=
finish() {
  [ -z "$xvfb" ] || kill "$xvfb" 2>/dev/null || true
  # The mounts were made in a namespace that ended with its last process. Were one left, nothing is deleted.
  if grep -q " $work" /proc/self/mounts; then
    echo "Something is still mounted below $work; it is left there." >&2
  else
    rm -rf --one-file-system "$work"
  fi
}
trap finish EXIT

root=$work/root
if [ -n "${OFFHOOK_TEST_ROOT:-}" ]; then
  cp -a "$OFFHOOK_TEST_ROOT" "$root"
else
  debootstrap --variant=minbase bookworm "$root" >"$work/debootstrap.log" 2>&1 || { tail -20 "$work/debootstrap.log" >&2; exit 1; }
fi
cp /etc/resolv.conf /etc/hosts "$root/etc/"
cp -a /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
cp "$old"/*.deb "$root/tmp/old.deb"
cp "$new"/*.deb "$root/tmp/new.deb"
cp "$new"/*.rpm "$work/new.rpm"
cp "$here/linux-inside.sh" "$root/tmp/"
mkdir "$root/tmp/papers"
cp "$new"/* "$root/tmp/papers/"
"$here/blocks.sh" sh >"$root/tmp/papers.sh"

# The display is the machine's; the phone's drawing is done by what its package brings into the root.
mkfifo "$work/number"
Xvfb -displayfd 3 -screen 0 900x760x24 -nolisten tcp -noreset -ac 3>"$work/number" >"$work/xvfb.log" 2>&1 &
xvfb=$!
read -r number <"$work/number"

started=$EPOCHREALTIME
unshare --mount --pid --fork --propagation private --kill-child "$here/linux-mounted.sh" "$root" ":$number" "$out" "$work"
echo "The packages of $(basename "$new"/*.deb) were installed, started, called, upgraded and removed in $(bc <<<"($EPOCHREALTIME - $started) / 1") s."
