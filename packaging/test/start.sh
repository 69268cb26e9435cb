#!/usr/bin/env bash
# Measures packages side by side, in one run: what is downloaded and what is on disk in a bare Debian, and how long it
# takes from the command until its window stands on the screen with something drawn in it, for a new user. Cold is with
# an empty page cache: nothing of the program, its libraries or anything else is in memory, and the disk is as fast as
# the machine's is. Warm is the start after another one. Each is the median of nine; the packages take turns, so that
# what else the machine does meanwhile is shared by all. Prints a table.
#   start.sh OFFHOOK.deb [PACKAGE…]        as root; the packages named are Debian's and installed, e.g. linphone-desktop
# The phone is taken out of its package; what it needs is installed already.
set -euo pipefail
if [ $# = 0 ] || [ "$(id -u)" != 0 ]; then echo "start.sh OFFHOOK.deb [PACKAGE…], as root" >&2; exit 2; fi
deb=$(realpath "$1")
shift
work=$(mktemp -d /tmp/offhook-start.XXXXXX)
xvfb=
finish() {
  [ -z "$xvfb" ] || kill "$xvfb" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
dpkg-deb -x "$deb" "$work/offhook"
mkfifo "$work/number"
Xvfb -displayfd 3 -screen 0 1280x900x24 -nolisten tcp -noreset 3>"$work/number" >/dev/null 2>&1 &
xvfb=$!
read -r number <"$work/number"
export DISPLAY=:$number LIBGL_ALWAYS_SOFTWARE=1
unset DBUS_SESSION_BUS_ADDRESS PULSE_SERVER WAYLAND_DISPLAY

touch "$work/none"
closure() { # closure PACKAGE…: name, version and download size of all that a system without anything needs
  apt-get -qq -y -o Dir::State::status="$work/none" --no-install-recommends --print-uris install "$@" |
    sed -nE "s,^'[^']*' ([^_]+)_([^_]+)_[^ ]+ ([0-9]+) .*,\1 \3,p" | sort -u
}
debootstrap --variant=minbase --print-debs bookworm "$work/minbase" 2>/dev/null | tr ' ' '\n' | sort -u >"$work/base"
sizes() { # sizes PACKAGE-OR-FILE: MB of download and on disk, of itself and with what it brings
  local own_get own_disk
  case $1 in
  *.deb) own_get=$(stat -c %s "$1") own_disk=$(dpkg-deb -f "$1" Installed-Size) ;;
  *) own_get=$(apt-cache show --no-all-versions "$1" | awk '/^Size:/ {print $2}') own_disk=$(apt-cache show --no-all-versions "$1" | awk '/^Installed-Size:/ {print $2}') ;;
  esac
  closure "$1" | join -v1 - "$work/base" | grep -v "^${1%%:*} " >"$work/brings" || true
  local get disk
  get=$(awk '{n += $2} END {print n + 0}' "$work/brings")
  disk=$(cut -d' ' -f1 "$work/brings" | xargs -r apt-cache show --no-all-versions | awk '/^Installed-Size:/ {n += $2} END {print n + 0}')
  awk -v a="$own_get" -v b="$own_disk" -v c="$get" -v d="$disk" -v n="$(wc -l <"$work/brings")" \
    'BEGIN {printf "%.1f | %.1f | %.1f | %.1f (%d packages)", a / 1e6, b * 1024 / 1e6, (a + c) / 1e6, (b + d) * 1024 / 1e6, n + 1}'
}

window() { # window NAME COMMAND…: seconds until a window of that name is seen with a picture in it, for a new user
  local name=$1 home began pid id now colours=0
  shift
  home=$(mktemp -d "$work/home.XXXXXX")
  mkdir -m 700 "$home/run"
  began=$EPOCHREALTIME
  HOME=$home XDG_RUNTIME_DIR=$home/run setsid dbus-run-session -- "$@" >"$work/log" 2>&1 &
  pid=$!
  # xdotool's own waiting looks twice a second only. A window is mapped before it is drawn: then it has one colour, or
  # two where it has a border.
  while [ "${EPOCHREALTIME%.*}" -lt $((${began%.*} + 30)) ]; do
    sleep 0.02
    id=$(xdotool search --onlyvisible --name "$name" 2>/dev/null | head -n 1) || continue
    [ -n "$id" ] || continue
    now=$EPOCHREALTIME
    colours=$(import -silent -window "$id" -format %k info: 2>/dev/null) || colours=0
    [ "$colours" -lt 8 ] || break
  done
  if [ "$colours" -lt 8 ]; then
    tail -5 "$work/log" >&2
    echo "no picture of $1" >&2
    kill -- -"$pid" || true
    exit 1
  fi
  awk -v a="$began" -v b="$now" 'BEGIN {printf "%.2f\n", b - a}'
  kill -- -"$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  # The next one must not be taken for this one, which may still be there.
  while xdotool search --onlyvisible --name "$name" >/dev/null 2>&1; do sleep 0.1; done
}
median() { sort -n "$1" | sed -n 5p; }
cool() { # cool PROGRAM: empties the page cache, or fails
  sync
  echo 3 >/proc/sys/vm/drop_caches
  [ "$(($(fincore -bno RES "$1")))" = 0 ] || { echo "This system does not empty its page cache." >&2; exit 1; }
}
cold() { # cold NAME PROGRAM: the same as window, with nothing of the program in memory
  cool "$2"
  # The bus and what looks at the screen are no part of the start.
  dbus-run-session true 2>/dev/null
  import -silent -window root -format %k info: >/dev/null
  xdotool search --name none >/dev/null || true
  window "$@"
}

titles=("$(basename "$deb")") sources=("$deb") names=('^Offhook') programs=("$work/offhook/usr/bin/offhook")
for package in "$@"; do
  titles+=("$package $(dpkg-query -W -f='${Version}' "$package")")
  sources+=("$package")
  names+=("^${package%%-*}")
  programs+=("$(dpkg -L "$package" | grep -m 1 -E '^/usr/bin/[^/]+$')")
done
for _ in 1 2 3 4 5 6 7 8 9; do
  for i in "${!programs[@]}"; do
    cold "${names[i]}" "${programs[i]}" >>"$work/cold-$i"
    window "${names[i]}" "${programs[i]}" >>"$work/warm-$i"
  done
done

echo "| package | download, MB | on disk, MB | download with what a bare Debian lacks | on disk with it | window, cold, s | warm, s |"
echo "|---|---|---|---|---|---|---|"
for i in "${!programs[@]}"; do
  echo "| ${titles[i]} | $(sizes "${sources[i]}") | $(median "$work/cold-$i") | $(median "$work/warm-$i") |"
done
