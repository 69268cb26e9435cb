#!/usr/bin/env bash
# Walks what docs/deploy.md says of the platform as a service, as it stands there, in a bare Debian that systemd
# boots: the unit with its restrictions starts the platform on port 443 with TLS, it answers, and it stops cleanly.
# Needs root, and a kernel whose control groups are free to be mounted.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ "$(id -u)" = 0 ] || { echo "This test boots a root of its own, and has to be root for it." >&2; exit 1; }
work=$(mktemp -d /tmp/offhook-service-test.XXXXXX)
trap 'rm -rf --one-file-system "$work"' EXIT
root=$work/root
packaging/test/bare.sh "$root"
chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive ${http_proxy:+http_proxy="$http_proxy"} \
  sh -c 'apt-get -qq update && apt-get -qq -y install --no-install-recommends systemd systemd-sysv dbus openssl libopus0' >"$work/log" 2>&1 ||
  { tail -20 "$work/log" >&2; exit 1; }

mkdir -p "$root/root/offhook"
GOFLAGS=-tags=nolibopusfile,migrated_fynedo go build -o "$root/root/offhook/bin/offhook-demo" ./cmd/demo
cp -a packaging "$root/root/offhook/"
packaging/test/blocks.sh sh "make service-test" >"$root/root/papers.sh"
cat >"$root/root/walk.sh" <<'WALK'
#!/bin/bash
set -euo pipefail
trap 'journalctl -u offhook-demo --no-pager | tail -n 15; systemctl poweroff' EXIT
cd /root/offhook
bash -euo pipefail /root/papers.sh
# The example of the configuration names a certificate, which is not there yet; the service tries again by itself.
openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=voice.example.com -addext subjectAltName=DNS:voice.example.com \
  -keyout /root/tls.key -out /root/tls.pem 2>/dev/null
install -m 640 -g offhook-demo /root/tls.key /root/tls.pem /etc/offhook-demo/
answer=
for _ in $(seq 60); do
  answer=$( (printf 'GET /healthz HTTP/1.1\r\nHost: voice.example.com\r\nConnection: close\r\n\r\n'; sleep 1) |
    openssl s_client -quiet -connect 127.0.0.1:443 2>/dev/null | head -n 1) || true
  [[ $answer != *' 200 '* ]] || break
  sleep 1
done
[[ $answer = *' 200 '* ]]
[ "$(stat -c %U /var/lib/offhook-demo/platform.db)" = offhook-demo ]
systemctl stop offhook-demo
[ "$(systemctl show offhook-demo -p Result --value)" = success ]
touch /root/walked
WALK
chmod +x "$root/root/walk.sh"
cat >"$root/etc/systemd/system/walk.service" <<'UNIT'
[Service]
Type=oneshot
ExecStart=/root/walk.sh
StandardOutput=append:/root/walk.log
StandardError=append:/root/walk.log
UNIT
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -s ../walk.service "$root/etc/systemd/system/multi-user.target.wants/walk.service"
# In mounts of its own, whatever form of control groups the machine has.
# shellcheck disable=SC2016 # $1 is the inner shell's
unshare --mount --propagation private bash -c '
  umount -R /sys/fs/cgroup 2>/dev/null || true
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 exec timeout 300 systemd-nspawn --quiet --register=no --keep-unit --private-network --console=pipe -D "$1" -b' \
  bash "$root" >"$work/boot.log" 2>&1 </dev/null || true
[ -e "$root/root/walked" ] || { cat "$work/boot.log" "$root/root/walk.log" >&2; echo "The platform did not run as a service." >&2; exit 1; }
echo "The platform ran as a service of systemd: installed as docs/deploy.md says, answered over TLS, stopped cleanly."
