#!/usr/bin/env bash
# Tests the Windows packages under Wine with a virtual display: signatures and resources are read; the installer runs
# silently for one user and for all; links, start at login and policy are looked for in the registry; the phone
# starts, signs in to a demo platform on loopback, calls `echo` and hears it; a picture is taken; it is upgraded and
# uninstalled, and nothing but the user's files is left. The same for the MSI.
#   windows.sh DIST OUT
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# = 2 ] || { echo "windows.sh DIST OUT" >&2; exit 2; }
dist=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
setup=$(echo "$dist"/offhook-*-windows-setup.exe) msi=$(echo "$dist"/offhook-*-windows.msi)

for wine in wine64 /usr/lib/wine/wine64 wine; do command -v "$wine" >/dev/null && break; done
server=$(command -v wineserver || echo /usr/lib/wine/wineserver64)
[ -x "$server" ] || server=/usr/lib/wine/wineserver

work=$(mktemp -d /tmp/offhook-wine-test.XXXXXX)
GOFLAGS=-tags=nolibopusfile,migrated_fynedo go build -o "$work/offhook-demo" ./cmd/demo
export WINEPREFIX=$work/prefix WINEARCH=win64 WINEDEBUG=${WINEDEBUG:--all} HOME=$work/home XDG_RUNTIME_DIR=$work/run WINESERVER=$server
export WINEDLLOVERRIDES="mscoree,mshtml,winemenubuilder.exe=;uiautomationcore=n" LIBGL_ALWAYS_SOFTWARE=1
unset PULSE_SERVER DBUS_SESSION_BUS_ADDRESS WAYLAND_DISPLAY
mkdir -p "$HOME" "$XDG_RUNTIME_DIR"
chmod 700 "$XDG_RUNTIME_DIR"
xvfb='' platform=''
finish() {
  "$server" -k 2>/dev/null || true
  [ -z "$platform" ] || kill "$platform" 2>/dev/null || true
  [ -z "$xvfb" ] || kill "$xvfb" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
fail() {
  echo "windows: $*" >&2
  [ -z "${DISPLAY:-}" ] || import -window root "$out/windows-failed.png" 2>/dev/null || true
  exit 1
}

# What can be read without running it.
for file in "$setup" "$msi"; do
  osslsigncode verify -in "$file" >"$work/verify" 2>&1 || grep -q 'Message digest *:\|Calculated message digest' "$work/verify" || fail "$(basename "$file") is not signed"
done
(cd "$dist" && sha256sum --quiet -c SHA256SUMS) || fail "the checksums are wrong"

mkfifo "$work/number"
Xvfb -displayfd 3 -screen 0 1000x800x24 -nolisten tcp -noreset 3>"$work/number" >/dev/null 2>&1 &
xvfb=$!
read -r number <"$work/number"
export DISPLAY=:$number

# Go asks Windows for random numbers by a library that Wine 8 lacks. This stands in for it, in the test alone.
cat >"$work/shim.c" <<'C'
#include <windows.h>
BOOLEAN WINAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size) { return SystemFunction036(data, (ULONG)size); }
C
"$wine" wineboot -i >/dev/null 2>&1
"$server" -w
c=$WINEPREFIX/drive_c
[ -f "$c/windows/system32/bcryptprimitives.dll" ] ||
  x86_64-w64-mingw32-gcc -shared -s -o "$c/windows/system32/bcryptprimitives.dll" "$work/shim.c" -ladvapi32
# Wine 8 has no UI Automation, by which the phone tells screen readers its names: this one hears them and says nothing.
cat >"$work/uia.c" <<'C'
#include <windows.h>
#define UIA __declspec(dllexport) HRESULT WINAPI
UIA UiaHostProviderFromHwnd(HWND window, void **provider) { *provider = NULL; return S_OK; }
UIA UiaRaiseAutomationEvent(void *provider, int event) { return S_OK; }
UIA UiaRaiseStructureChangedEvent(void *provider, int type, int *id, int length) { return S_OK; }
UIA UiaDisconnectProvider(void *provider) { return S_OK; }
__declspec(dllexport) LRESULT WINAPI UiaReturnRawElementProvider(HWND window, WPARAM w, LPARAM l, void *provider) { return 0; }
C
x86_64-w64-mingw32-gcc -shared -s -o "$c/windows/system32/uiautomationcore.dll" "$work/uia.c"

"$work/offhook-demo" serve --listen 127.0.0.1:0 --media-listen 127.0.0.1:0 --data "$work/platform" --api-key key --api-token token --json >"$work/platform.json" 2>"$work/platform.log" &
platform=$!
for _ in $(seq 150); do [ -s "$work/platform.json" ] && break; sleep 0.2; done
url=$(sed -nE 's/.*"url":"([^"]+)".*/\1/p' "$work/platform.json")
[ -n "$url" ] || fail "the platform did not start"
printf demo >"$c/password"

# The driver of headset buttons, with what hid.dll and the parser behind it say of descriptors of several makers.
GOOS=windows CGO_ENABLED=0 GOFLAGS='' go test -c -o "$work/hid.test.exe" ./app/headset/hid
"$wine" "$work/hid.test.exe" || fail "the buttons of headsets are not read"

registry() { "$wine" reg query "$1" ${2:+/v "$2"} 2>/dev/null | tr -d '\r'; }
has() { registry "$1" "$2" | grep -qF -- "$3" || fail "the registry has no $3 in $1 $2"; }
gone() { ! registry "$1" "${2:-}" | grep -q . || fail "$1 ${2:-} is left in the registry"; }
inventory() { (cd "$c" && find . \( -path ./users -o -path ./windows \) -prune -o -print; find users -path '*Programs*' -o -path '*Start Menu*') | sort; }

# Wine 8 has no Unix sockets, so that `offhook ctl` can't work the phone there: keys do, and the platform tells of
# the call. It lacks SIO_UDP_NETRESET, too, without which Go opens no UDP socket: the sound takes TCP. What a busy
# machine holds up there is delay in the jitter buffer, which the window's MOS shows; on an idle one it is 4.4.
newest() { curl -s -u key:token "$url/v2/accounts/demo/calls?page_size=1"; }
call() { # call NAME EXE [FLAG…]: start, sign in, call echo, hear it, end
  local name=$1 exe=$2 id i before now
  shift 2
  "$wine" "$exe" --config-dir 'C:\phone' --server "$url" --account demo --user alice --password-file 'C:\password' \
    --audio-in sine:440 --audio-out "file:C:\\heard-$name.wav" --ring-out null "$@" >"$work/phone-$name.log" 2>&1 &
  for i in $(seq 150); do
    grep -qs '"msg":"ready","ready":true' "$c"/phone/default/logs/*.jsonl && break
    sleep 1
  done
  grep -qs '"msg":"ready","ready":true' "$c"/phone/default/logs/*.jsonl || { grep -v ALSA "$work/phone-$name.log" | tail -20 >&2; fail "$name: the phone is not ready"; }
  id=$(timeout 60 xdotool search --sync --name '^Offhook' | tail -n 1)
  sleep 2
  before=$(newest | grep -o '"session_id":"[^"]*"' || echo none)
  # By keys alone: where the window comes to lie without a window manager is Wine's to say.
  xdotool windowfocus --sync "$id" sleep 0.5 key ctrl+k sleep 0.5 type --delay 60 echo
  xdotool sleep 0.5 key Return
  for i in $(seq 60); do
    now=$(newest)
    if ! grep -qF "$before" <<<"$now" && grep -q '"callee":"echo","state":"answered".*"duration":[4-9]' <<<"$now"; then break; fi
    sleep 0.5
  done
  [ "$i" -lt 60 ] || fail "$name: echo did not answer"
  import -window root "$out/windows-$name.png"
  { "$server" -k || true; wait $! || true; } 2>/dev/null
  local heard
  heard=$(sox "$c/heard-$name.wav" -n stat 2>&1 | awk '/Rough +frequency/ {print $3}') || true
  if [ "${heard:-0}" -le 400 ] || [ "$heard" -ge 480 ]; then fail "$name: the echo sounds at $heard Hz, not 440"; fi
  echo "windows, $name: echo called and heard ($heard Hz), picture in $out/windows-$name.png"
}

run='Software\Microsoft\Windows\CurrentVersion\Run'
uninstall='Software\Microsoft\Windows\CurrentVersion\Uninstall\Offhook'
inventory >"$work/before"

# For one user.
"$wine" "$setup" /S || fail "the installer for one user failed"
"$server" -w
exe=$(find "$c/users" -name offhook.exe)
[ -n "$exe" ] || fail "nothing was installed"
folder=$(dirname "$exe")
[ -s "$folder/third-party-licences.txt" ] || fail "the licences are missing"
for scheme in tel sip sips; do
  has "HKCU\\Software\\Classes\\offhook.$scheme\\shell\\open\\command" '' 'offhook.exe" "%1"'
  has 'HKCU\Software\Offhook\Capabilities\URLAssociations' $scheme offhook.$scheme
done
has "HKCU\\$run" Offhook offhook.exe
has "HKCU\\$uninstall" UninstallString uninstall.exe
"$wine" "$exe" --version | tr -d '\r' | grep -q "$(basename "$setup" | sed -E 's/offhook-(.*)-windows-setup.exe/\1/')" || fail "--version says another version than the installer's name"
"$wine" "$folder/offhook.com" ctl status --json 2>"$work/console" | tr -d '\r' >"$work/status" || true
grep -q '"error"' "$work/status" || fail "offhook.com says nothing to a console: $(head -c 300 "$work/status" "$work/console")"
call user "$exe"
"$wine" "$setup" /S /NOAUTOSTART || fail "the upgrade failed"
"$server" -w
"$wine" "$folder/uninstall.exe" /S
"$server" -w
for scheme in tel sip sips; do gone "HKCU\\Software\\Classes\\offhook.$scheme"; done
gone "HKCU\\$run" Offhook
gone "HKCU\\$uninstall"
gone 'HKCU\Software\Offhook'
[ -s "$c/phone/default/calls.sqlite" ] || fail "the user's call log is gone"
"$wine" "$setup" /S '/POLICYURL=https://phone.example.com/policy.json' && fail "a policy for one user was taken"
echo "windows, installer for one user: installed, upgraded, uninstalled; the user's data stays"

# For all users, with a policy.
printf '{"version":1,"server":"%s","account":"demo","locked":["account.server"]}' "$url" >"$c/policy.json"
"$wine" "$setup" /S /ALLUSERS '/POLICYFILE=C:\policy.json' || fail "the installer for all users failed"
"$server" -w
exe="$c/Program Files/Offhook/offhook.exe"
[ -f "$exe" ] || fail "nothing is in Program Files"
has 'HKLM\Software\Classes\offhook.tel\shell\open\command' '' 'Program Files\Offhook\offhook.exe'
grep -q demo "$c/ProgramData/Offhook/policy.json" || fail "the policy is not where the phone reads it"
rm -rf "$c/phone"
call everybody "$exe"
"$wine" "$c/Program Files/Offhook/uninstall.exe" /S /ALLUSERS
"$server" -w
gone 'HKLM\Software\Classes\offhook.tel'
gone "HKLM\\$uninstall"
[ ! -e "$c/Program Files/Offhook" ] || fail "Program Files\\Offhook is left"
echo "windows, installer for all users: installed with a policy, called, uninstalled"

# The MSI.
"$wine" msiexec /i "$(winepath() { "$wine" winepath -w "$1" 2>/dev/null | tr -d '\r'; }; winepath "$msi")" /qn SERVER=https://phone.example.com ACCOUNT=acme || fail "msiexec failed"
"$server" -w
[ -f "$exe" ] || fail "the MSI installed nothing"
has 'HKLM\Software\Policies\Offhook' Policy '{"version":1,"server":"https://phone.example.com","account":"acme"}'
has "HKLM\\$run" Offhook offhook.exe
has 'HKLM\Software\Classes\offhook.sips\shell\open\command' '' 'offhook.exe" "%1"'
"$wine" msiexec /x "$("$wine" winepath -w "$msi" 2>/dev/null | tr -d '\r')" /qn || fail "msiexec /x failed"
"$server" -w
[ ! -e "$exe" ] || fail "the MSI left its program"
gone 'HKLM\Software\Classes\offhook.sips'
gone 'HKLM\Software\Policies\Offhook'
gone "HKLM\\$run" Offhook
echo "windows, MSI: installed with a server, uninstalled"

# What the papers say, as it stands there, in a folder with the packages.
mkdir "$c/papers"
cp "$setup" "$c/papers/offhook-setup.exe"
cp "$msi" "$c/papers/offhook.msi"
mv "$c/policy.json" "$c/papers/"
lines=0
while IFS= read -r line; do
  lines=$((lines + 1))
  (cd "$c/papers" && "$wine" cmd /c "start /wait $line" >/dev/null 2>&1) </dev/null || fail "the papers' command fails: $line"
  "$server" -w
  case $line in
  *' /x '*) [ ! -e "$exe" ] || fail "the program is there after $line" ;;
  *) [ -e "$exe" ] || fail "the program is not there after $line" ;;
  esac
done < <(packaging/test/blocks.sh bat "make package-test")
[ "$lines" -gt 0 ] || fail "the papers have no command for Windows"
"$wine" "$c/Program Files/Offhook/uninstall.exe" /S /ALLUSERS 2>/dev/null || true
"$server" -w
echo "windows: the papers' $lines commands work as they stand there"

rm -rf "$c/phone" "$c"/heard-*.wav "$c/papers"
# The folders of programs themselves are the system's.
inventory >"$work/after"
left=$(diff "$work/before" "$work/after" | grep '^[<>]' | grep -v 'Program Files$\|AppData/Local/Programs$\|/password$') || true
[ -z "$left" ] || fail "left behind: $left"
echo "windows: nothing is left behind"
