#!/usr/bin/env bash
# The part of linux.sh that runs inside the bare root.
set -euo pipefail

# inventory NAME: every file with its size, outside what belongs to the package manager and to users.
inventory() {
  find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /home -o -path /root \
    -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/cache -o -path /var/log -o -path /var/lib/rpm -o -path /etc/ld.so.cache \) -prune \
    -o -printf '%p %y\n' | sort >"/tmp/$1"
}

same() {
  diff "/tmp/$1" "/tmp/$2" >/tmp/differences || { head -n 20 /tmp/differences; echo "That is what the package left behind, or took with it." >&2; exit 1; }
}

agent=(setpriv --reuid agent --regid agent --init-groups env -i PATH=/usr/bin:/bin HOME=/home/agent USER=agent LC_ALL=C.UTF-8 XDG_RUNTIME_DIR=/home/agent/run)
ctl() { "${agent[@]}" offhook ctl --profile demo "$@"; }
small() { "${agent[@]}" offhook-headless ctl --profile small "$@"; }
install() { apt-get -qq -y install --no-install-recommends "$1" >/tmp/apt.log 2>&1 || { tail -20 /tmp/apt.log >&2; exit 1; }; }
# program PATH: the process that runs it.
program() {
  local exe
  for exe in /proc/[0-9]*/exe; do
    [ "$(readlink "$exe")" != "$1" ] || basename "$(dirname "$exe")"
  done
}

# needed PACKAGE PROCESS: in a call, each package that it declares gives a library that is open, or one for Wayland,
# and each library that is open is of a package that it asks for.
needed() {
  local asks='ca-certificates libc6 libegl1 libwayland-cursor0 libwayland-egl1 libxkbcommon0' package file
  dpkg-query -W -f='${Depends}\n' "$1" | tr ',' '\n' | sed -E 's/^ *([^ ]+).*/\1/' | sort -u >/tmp/declared
  awk '$6 ~ /\.so/ {print $6}' "/proc/$2/maps" | sort -u | while read -r file; do
    dpkg -S "$file" 2>/dev/null || dpkg -S "${file#/usr}" 2>/dev/null || echo "nobody: $file"
  done | sed 's/:.*//' | sort -u >/tmp/open
  grep -qx nobody /tmp/open && { echo "$1 opens a library that is of no package." >&2; exit 1; }
  for package in $(comm -23 /tmp/declared /tmp/open); do
    grep -qw -- "$package" <<<"$asks" || { echo "$1 declares $package and opens nothing of it." >&2; exit 1; }
  done
  echo "$1: $(wc -l </tmp/declared) packages declared, each used; $(wc -l </tmp/open) in use with what those bring"
}
installed() { dpkg-query -W -f='${Package}\n' | sort; }

case $1 in
prepare)
  useradd --create-home agent
  install -d -o agent -m 700 /home/agent/run
  apt-get -qq update
  # What any desktop has, and what other packages of it recommend, so that autoremove keeps it.
  apt-get -qq -y install --no-install-recommends ca-certificates >/dev/null
  inventory before
  ;;
headless) # the phone without a window, by itself: nothing comes with it but what it declares
  installed >/tmp/bare
  install /tmp/headless.deb
  installed | comm -13 /tmp/bare - >/tmp/came
  dpkg-query -W -f='${Depends}\n' offhook-headless | tr ',' '\n' | sed -E 's/^ *([^ ]+).*/\1/' | cat - <(echo offhook-headless) | sort >/tmp/declared
  comm -23 /tmp/came /tmp/declared | grep . && { echo "These came with offhook-headless, which does not ask for them." >&2; exit 1; }
  printf demo >/tmp/password
  chmod 644 /tmp/password
  "${agent[@]}" offhook-headless --profile small --server "$(cat /tmp/platform)" --account demo --user alice --password-file /tmp/password \
    --audio-in sine:440 --audio-out file:/home/agent/heard-headless.wav --ring-out null >/tmp/small.log 2>&1 &
  phone=$!
  for _ in $(seq 300); do small status --json 2>/dev/null | grep -q '"ready":true' && break; sleep 0.2; done
  small dial echo --wait ESTABLISHED --timeout 30s --json >/dev/null || { cat /tmp/small.log >&2; exit 1; }
  for _ in $(seq 150); do small status --json | grep -qE '"duration_s":[3-9]' && break; sleep 0.2; done
  needed offhook-headless "$phone"
  small quit --json >/dev/null
  wait "$phone"
  echo "headless: called with $(wc -l </tmp/came) packages more than a bare Debian has, $(($(dpkg-query -W -f='${Installed-Size}' offhook-headless) / 1024)) MB"
  ;;
install)
  install "$2"
  if ldd /usr/bin/offhook | grep 'not found'; then exit 1; fi
  [ "$(dpkg-query -W -f='${db:Status-Status}' offhook)" = installed ]
  test -s /usr/share/doc/offhook/copyright
  echo "installed: $(offhook --version), $(($(dpkg-query -W -f='${Installed-Size}' offhook) / 1024)) MB; ctl of no phone: $(ctl status --json | head -c 60)…"
  ;;
both) # both [PACKAGE]: where both are installed, the one turns into the other
  [ -z "${2:-}" ] || install "$2"
  "${agent[@]}" offhook --headless --profile small --audio-in null --audio-out null --ring-out null >/tmp/small.log 2>&1 &
  phone=$!
  for _ in $(seq 300); do small status >/dev/null 2>&1 && break; sleep 0.2; done
  [ "$(readlink "/proc/$phone/exe")" = /usr/bin/offhook-headless ] || { echo "The phone without a window is $(readlink "/proc/$phone/exe")." >&2; exit 1; }
  small quit --json >/dev/null
  wait "$phone"
  ;;
needed) needed offhook "$(program /usr/bin/offhook)" ;;
phone)
  exec "${agent[@]}" DISPLAY="$2" offhook --demo --audio-in sine:440 --audio-out "file:/home/agent/heard-$3.wav" --ring-out null
  ;;
call)
  for _ in $(seq 300); do ctl status --json 2>/dev/null | grep -q '"ready":true' && break; sleep 0.2; done
  ctl dial echo --wait ESTABLISHED --timeout 30s --json >/dev/null
  for _ in $(seq 150); do ctl status --json | grep -qE '"duration_s":[3-9]' && break; sleep 0.2; done
  ;;
quit)
  ctl hangup --json >/dev/null
  ctl status --wait IDLE --timeout 30s --json >/dev/null
  ctl history --json >"/home/agent/history-$2"
  grep -q '"remote_id":"echo"' "/home/agent/history-$2"
  ctl quit --json >/dev/null
  ;;
remembers) # remembers NAME: the calls of before are in the log after the upgrade
  "${agent[@]}" offhook --demo --headless --audio-in null --audio-out null --ring-out null >/tmp/remembers.log 2>&1 &
  phone=$!
  for _ in $(seq 300); do ctl status --json 2>/dev/null | grep -q '"ready":true' && break; sleep 0.2; done
  id=$(grep -oE '"id":"[^"]+"' "/home/agent/history-$2" | head -n 1)
  ctl history --json | grep -qF "$id" || { echo "The upgraded phone has forgotten call $id." >&2; exit 1; }
  ctl quit --json >/dev/null
  wait "$phone"
  echo "upgraded: $(offhook --version) has the calls of before"
  ;;
libraries)
  # These belong to packages that every system with rpm and a desktop has (filesystem, hicolor-icon-theme).
  mkdir -p /usr/share/applications /usr/share/icons/hicolor /usr/share/metainfo
  touch /usr/share/icons/hicolor/index.theme
  mapfile -t depends < <(dpkg-deb -f /tmp/new.deb Depends | tr ',' '\n' | awk '{print $1}')
  apt-get -qq -y install --no-install-recommends "${depends[@]}" >/dev/null 2>&1
  ;;
remove)
  apt-get -qq -y purge offhook offhook-headless >/dev/null 2>&1
  apt-get -qq -y autoremove --purge >/dev/null 2>&1
  inventory after
  same before after
  test -s /home/agent/.config/offhook/demo/calls.sqlite
  test -s /home/agent/.config/offhook/demo/settings.json
  echo "removed: nothing is left but what the user made"
  ;;
papers) # the commands of the papers, as they stand there, in a folder with the packages
  cd /tmp/papers
  test -s /tmp/papers.sh
  bash -euo pipefail /tmp/papers.sh >/tmp/papers.log 2>&1 || { tail -20 /tmp/papers.log >&2; exit 1; }
  apt-get -qq -y autoremove --purge >/dev/null 2>&1
  echo "the papers' $(wc -l </tmp/papers.sh) commands work as they stand there"
  cd /
  rm -rf /tmp/papers
  ;;
inventory) inventory "$2" ;;
same) same "$2" "$3" && echo "removed: the rpm left nothing behind" ;;
esac
