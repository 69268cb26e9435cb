#!/usr/bin/env bash
# The part of linux.sh that runs with mounts of its own, which go when it ends.
set -euo pipefail
root=$1 display=$2 out=$3 work=$4

mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/run"
mount --bind /dev "$root/dev"
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive ${http_proxy:+http_proxy="$http_proxy"} bash /tmp/linux-inside.sh "$@"; }
picture() { DISPLAY=$display import -window root "$out/$1.png"; }
# The user's agent phone, in the background; it ends with `ctl quit`.
phone() { inside phone "$display" "$1" >"$work/phone-$1.log" 2>&1 & }

inside prepare >"$work/prepare.log" 2>&1 || { tail -30 "$work/prepare.log" >&2; exit 1; }

hears() { # hears NAME: the echo is the phone's own 440 Hz
  local heard
  heard=$(sox "$root/home/agent/heard-$1.wav" -n stat 2>&1 | awk '/Rough +frequency/ {print $3}')
  if [ "${heard:-0}" -le 400 ] || [ "$heard" -ge 480 ]; then
    echo "$1: the echo sounds at $heard Hz, not 440." >&2
    exit 1
  fi
  echo "$1: echo called and heard ($heard Hz)"
}

use() { # use NAME: start, call echo, look, listen, quit
  phone "$1"
  local pid=$!
  inside call "$1" || { tail -20 "$work/phone-$1.log" >&2; picture "$1-failed"; exit 1; }
  picture "$1"
  if [ "$1" = deb-new ]; then inside needed; fi
  inside quit "$1"
  wait "$pid" || { tail -20 "$work/phone-$1.log" >&2; echo "$1: the phone that was told to quit ended with an error." >&2; exit 1; }
  hears "$1"
}

inside headless
hears headless
inside install /tmp/old.deb
use deb-old
inside install /tmp/new.deb
inside remembers deb-old
use deb-new
inside both /tmp/headless.deb
inside remove
inside papers

# The .rpms, into the same root: dpkg's libraries serve it, so that rpm can't count them itself. Every library and
# version of a symbol that they require is looked for in the root instead.
inside libraries
missing=0
while read -r need; do
  library=${need%%(*} symbols=$(sed -nE 's/^[^(]*\(([^)]*)\)\(64bit\)$/\1/p' <<<"$need")
  case $need in
  *'(64bit)')
    file=$(find "$root"/usr/lib "$root"/lib -name "$library" 2>/dev/null | head -n 1)
    if [ -z "$file" ]; then echo "rpm: $library is in no package of the root" >&2; missing=1; continue; fi
    target=$(chroot "$root" readlink -f "${file#"$root"}")
    if [ -n "$symbols" ] && ! objdump -p "$root$target" | grep -w -- "$symbols" >/dev/null; then echo "rpm: $library has no $symbols" >&2; missing=1; fi
    ;;
  rpmlib* | ca-certificates) ;;
  *) echo "rpm: nobody knows what $need is" >&2; missing=1 ;;
  esac
done < <(rpm -qp --requires "$work/new.rpm" "$work/headless.rpm" 2>/dev/null)
[ $missing = 0 ] || exit 1
inside inventory before-rpm
rpm --force-debian --root "$root" --nodeps --nosignature -i "$work/new.rpm" "$work/headless.rpm"
rpm --root "$root" -V --nodeps offhook offhook-headless
use rpm
inside both
rpm --force-debian --root "$root" --nodeps -e offhook offhook-headless
rm -rf "$root/var/lib/rpm" "$root/usr/lib/sysimage/rpm"
inside inventory after-rpm
inside same before-rpm after-rpm
