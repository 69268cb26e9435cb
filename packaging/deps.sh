#!/usr/bin/env bash
# Sees to the system packages that Offhook needs: `deps.sh build`, `lint`, `test`, `package` or `interop`.
# On Debian and its kin it installs what is missing, as root or with sudo. On Fedora, macOS and
# Windows (MSYS2) it checks, and says what to install. It prints nothing when nothing is missing.
set -euo pipefail

want=${1:-build}

build_deb=(ca-certificates gcc libc6-dev pkg-config libgl1-mesa-dev libx11-dev libxcursor-dev libxrandr-dev libxinerama-dev
  libxi-dev libxxf86vm-dev libwayland-dev libxkbcommon-dev libopus-dev libspeexdsp-dev)
lint_deb=(shellcheck)
test_deb=(xvfb xauth libgl1-mesa-dri openbox xfwm4 xdotool imagemagick x11-utils dbus dunst libnotify-bin
  pulseaudio pulseaudio-utils sox espeak-ng gnome-keyring libsecret-tools procps)
package_deb=(gcc-mingw-w64-x86-64 g++-mingw-w64-x86-64 nsis wixl msitools osslsigncode openssl wine64 rpm desktop-file-utils bc binutils curl
  appstream squashfs-tools apt-utils createrepo-c gpg xz-utils librsvg2-bin icoutils dpkg-dev autoconf automake libtool make debootstrap lintian systemd-container)
interop_deb=(kamailio kamailio-websocket-modules kamailio-tls-modules rtpengine-daemon baresip-core sip-tester
  coturn chromium nodejs iproute2 linphone-cli)

debian() {
  local packages=("${build_deb[@]}") missing=() p
  case $want in
  build) ;;
  lint) packages+=("${lint_deb[@]}") ;;
  test) packages+=("${test_deb[@]}") ;;
  package) packages+=("${test_deb[@]}" "${package_deb[@]}") ;;
  interop)
    packages+=("${test_deb[@]}" "${interop_deb[@]}")
    # Node.js from elsewhere brings its own npm, and Debian's can't be installed beside it.
    command -v npm >/dev/null || packages+=(npm)
    ;;
  *)
    echo "deps.sh knows no $want." >&2
    exit 2
    ;;
  esac
  for p in "${packages[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "These packages are missing, and this is neither root nor a user with sudo. As root, run:" >&2
      echo "  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}" >&2
      exit 1
    fi
    as_root=(sudo)
  fi
  echo "Installing ${#missing[@]} system packages: ${missing[*]}" >&2
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# check_modules NAME:MODULE… asks pkg-config for each library and fails with the command that installs it.
check_modules() {
  local install=$1 missing=() pair
  shift
  command -v cc >/dev/null || command -v gcc >/dev/null || command -v clang >/dev/null || missing+=("a C compiler")
  command -v pkg-config >/dev/null || missing+=(pkg-config)
  for pair in "$@"; do
    pkg-config --exists "${pair#*:}" 2>/dev/null || missing+=("${pair%%:*}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "Offhook needs these and does not find them: ${missing[*]}" >&2
  echo "Install them with:" >&2
  echo "  $install" >&2
  exit 1
}

case "$(uname -s)" in
Linux)
  if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
    debian
  else
    check_modules "your package manager; on Fedora: dnf install gcc pkgconf mesa-libGL-devel libX11-devel libXcursor-devel libXrandr-devel libXinerama-devel libXi-devel libXxf86vm-devel wayland-devel libxkbcommon-devel opus-devel speexdsp-devel" \
      libopus:opus libspeexdsp:speexdsp libX11:x11 libGL:gl
  fi
  ;;
Darwin)
  check_modules "xcode-select --install; brew install pkg-config opus speexdsp" libopus:opus libspeexdsp:speexdsp
  ;;
MINGW* | MSYS* | CYGWIN*)
  check_modules "pacman -S mingw-w64-x86_64-gcc mingw-w64-x86_64-pkgconf mingw-w64-x86_64-opus mingw-w64-x86_64-speexdsp" \
    libopus:opus libspeexdsp:speexdsp
  ;;
*)
  echo "Offhook is built on Linux, macOS and Windows; this system ($(uname -s)) is not known to it." >&2
  exit 1
  ;;
esac
