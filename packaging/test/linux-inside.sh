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

agent() { setpriv --reuid agent --regid agent --init-groups env -i PATH=/usr/bin:/bin HOME=/home/agent USER=agent LC_ALL=C.UTF-8 XDG_RUNTIME_DIR=/home/agent/run "$@"; }
ctl() { agent offhook ctl --profile demo "$@"; }

case $1 in
prepare)
  useradd --create-home agent
  install -d -o agent -m 700 /home/agent/run
  apt-get -qq update
  # What any desktop has, and what other packages of it recommend, so that autoremove keeps it.
  apt-get -qq -y install --no-install-recommends ca-certificates >/dev/null
  inventory before
  ;;
install)
  apt-get -qq -y install --no-install-recommends "$2" >/tmp/apt.log 2>&1 || { tail -20 /tmp/apt.log >&2; exit 1; }
  if ldd /usr/bin/offhook | grep 'not found'; then exit 1; fi
  [ "$(dpkg-query -W -f='${db:Status-Status}' offhook)" = installed ]
  test -s /usr/share/doc/offhook/copyright
  if [ -x /usr/lib/offhook/offhook-headless ]; then
    if ldd /usr/lib/offhook/offhook-headless | grep 'not found'; then exit 1; fi
    agent offhook --headless --profile small --audio-in null --audio-out null --ring-out null >/tmp/small.log 2>&1 &
    for _ in $(seq 300); do agent offhook ctl --profile small status >/dev/null 2>&1 && break; sleep 0.2; done
    [ "$(readlink /proc/$!/exe)" = /usr/lib/offhook/offhook-headless ] || { echo "The phone without a window is $(readlink /proc/$!/exe)." >&2; exit 1; }
    agent offhook ctl --profile small quit --json >/dev/null
    wait $!
  fi
  echo "installed: $(offhook --version), $(($(dpkg-query -W -f='${Installed-Size}' offhook) / 1024)) MB; ctl of no phone: $(ctl status --json | head -c 60)…"
  ;;
phone)
  agent DISPLAY="$2" offhook --demo --audio-in sine:440 --audio-out "file:/home/agent/heard-$3.wav" --ring-out null
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
  agent offhook --demo --headless --audio-in null --audio-out null --ring-out null >/tmp/remembers.log 2>&1 &
  for _ in $(seq 300); do ctl status --json 2>/dev/null | grep -q '"ready":true' && break; sleep 0.2; done
  id=$(grep -oE '"id":"[^"]+"' "/home/agent/history-$2" | head -n 1)
  ctl history --json | grep -qF "$id" || { echo "The upgraded phone has forgotten call $id." >&2; exit 1; }
  ctl quit --json >/dev/null
  wait $!
  echo "upgraded: $(offhook --version) has the calls of before"
  ;;
libraries)
  # These belong to packages that every system with rpm and a desktop has (filesystem, hicolor-icon-theme).
  mkdir -p /usr/share/applications /usr/share/icons/hicolor /usr/share/metainfo
  touch /usr/share/icons/hicolor/index.theme
  apt-get -qq -y install --no-install-recommends $(dpkg-deb -f /tmp/new.deb Depends | sed -e 's/([^)]*)//g' -e 's/,/ /g') >/dev/null 2>&1
  ;;
remove)
  apt-get -qq -y purge offhook >/dev/null 2>&1
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
