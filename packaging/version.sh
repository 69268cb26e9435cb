#!/usr/bin/env bash
# Prints the one version of this tree, as semver: 1.2.3 on a tag v1.2.3, else 1.2.3-dev.N+gSHA, N commits after it.
# OFFHOOK_VERSION, if it is set, is the version.
#   version.sh deb    the form that dpkg and rpm sort rightly: 1.2.3~devN.gSHA
#   version.sh quad   the form that Windows wants: 1.2.3.N
set -euo pipefail
cd "$(dirname "$0")/.."

first=0.1.0 # until there is a first tag
count=0
if [ -n "${OFFHOOK_VERSION:-}" ]; then
  version=$OFFHOOK_VERSION
  if [[ $version =~ -dev\.([0-9]+) ]]; then count=${BASH_REMATCH[1]}; fi
else
  if tag=$(git describe --tags --match 'v[0-9]*' --abbrev=0 2>/dev/null); then
    base=${tag#v}
    count=$(git rev-list --count "$tag"..HEAD)
    # What comes after a version sorts before its successor, and after itself.
    [ "$count" = 0 ] || [[ $base = *-* ]] || base=${base%.*}.$((${base##*.} + 1))
  else
    base=$first
    count=$(git rev-list --count HEAD 2>/dev/null || echo 0)
  fi
  version=$base
  if [ "$count" != 0 ]; then
    version="$base-dev.$count+g$(git rev-parse --short=8 HEAD)"
  fi
fi
case ${1:-} in
deb)
  tilde='~' # the bash of macOS would keep a backslash
  version=${version/-dev./${tilde}dev}
  version=${version/-/$tilde}
  version=${version/+g/.g}
  ;;
quad) version=$(sed -E 's/^([0-9]+)\.([0-9]+)\.([0-9]+).*/\1.\2.\3/' <<<"$version").$((count % 65536)) ;;
esac
echo "$version"
