#!/usr/bin/env bash
# Makes a .deb of an older version and all packages of the present one, and tests them; pictures go into OUT.
#   all.sh OUT
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:-out/packages}
work=$(mktemp -d /tmp/offhook-packages.XXXXXX)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/old" "$work/new"
OFFHOOK_VERSION=0.0.1 packaging/package.sh deb "$work/old"
packaging/package.sh all "$work/new"
packaging/test/linux.sh "$work/old" "$work/new" "$out"
packaging/test/windows.sh "$work/new" "$out"
