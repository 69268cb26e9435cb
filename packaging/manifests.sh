#!/usr/bin/env bash
# Writes what the catalogues of others want to know of the packages in DIST, into DIST/manifests: the manifests of
# winget, of Flatpak, and of Homebrew where the .dmg is there.
#   manifests.sh DIST [URL]   URL is the folder from which the packages of this version are downloaded
set -euo pipefail
cd "$(dirname "$0")/.."
dist=$1 version=$(packaging/version.sh)
url=${2:-https://downloads.example.com/offhook/$version}
out=$dist/manifests

sum() { openssl dgst -sha256 -r "$dist/$1" | cut -d' ' -f1; }
fill() { # fill TEMPLATE OUT [NAME=VALUE…]
  local template=$1 to=$2 pair
  shift 2
  set -- "$@" "VERSION=$version" "URL=$url"
  local script=''
  for pair in "$@"; do script+="s|@${pair%%=*}@|${pair#*=}|g;"; done
  mkdir -p "$(dirname "$to")"
  sed -e "$script" "$template" >"$to"
  if grep -o '@[A-Z0-9_]*@' "$to"; then
    echo "$to is not filled." >&2
    exit 1
  fi
}

tarball=offhook-$version-linux-amd64.tar.xz setup=offhook-$version-windows-setup.exe msi=offhook-$version-windows.msi dmg=offhook-$version-macos.dmg
if [ -f "$dist/$tarball" ]; then
  fill packaging/linux/io.offhook.Offhook.yaml.in "$out/flatpak/io.offhook.Offhook.yaml" "TAR_SHA256=$(sum "$tarball")"
fi
if [ -f "$dist/$setup" ] && [ -f "$dist/$msi" ]; then
  product=$(msiinfo export "$dist/$msi" Property | tr -d '\r' | awk -F '\t' '$1 == "ProductCode" {print $2}')
  fill packaging/manifests/winget.installer.yaml.in "$out/winget/Offhook.Offhook.installer.yaml" \
    "SETUP_SHA256=$(sum "$setup" | tr a-f A-F)" "MSI_SHA256=$(sum "$msi" | tr a-f A-F)" "MSI_PRODUCT=$product"
  fill packaging/manifests/winget.yaml.in "$out/winget/Offhook.Offhook.yaml"
  fill packaging/manifests/winget.locale.en-US.yaml.in "$out/winget/Offhook.Offhook.locale.en-US.yaml"
fi
if [ -f "$dist/$dmg" ]; then
  fill packaging/manifests/offhook.rb.in "$out/homebrew/offhook.rb" "DMG_SHA256=$(sum "$dmg")"
fi
