#!/usr/bin/env bash
# Prints the one version of this tree, as semver: 1.2.3 on a tag v1.2.3, else 1.2.3-dev.N+gSHA, N commits after it.
# OFFHOOK_VERSION, if it is set, is the version.
#   version.sh deb    the form that dpkg and rpm sort rightly: 1.2.3~devN.gSHA
#   version.sh quad   the form that Windows and macOS want: 1.2.3.N. N rises from commit to commit and from one
#                     pre-release to the next, and is the highest for the release, so that a file's version never falls
#   version.sh msi    the form by which Windows Installer knows what is newer: it reads three fields alone, so that the
#                     third holds the patch (at most 31) and N
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
quad | msi)
  most=60000 release=65535 # of commits, and of N
  if [ "$1" = msi ]; then most=1983 release=2047; fi
  step=$release
  if [[ $version =~ -(alpha|beta|rc)\.?([0-9]*) ]]; then
    step=${BASH_REMATCH[2]:-0}
    [ "$step" -le 19 ] || step=19
    case ${BASH_REMATCH[1]} in
    beta) step=$((step + 20)) ;;
    rc) step=$((step + 40)) ;;
    esac
    step=$((most + 1 + step))
  elif [[ $version = *-* ]]; then
    step=$((count < most ? count : most))
  fi
  [[ $version =~ ^([0-9]+)\.([0-9]+)\.([0-9]+) ]]
  patch=${BASH_REMATCH[3]}
  version=${BASH_REMATCH[1]}.${BASH_REMATCH[2]}
  if [ "$1" = quad ]; then
    version=$version.$patch.$step
  elif [ "$patch" -gt 31 ]; then
    echo "Windows Installer tells no patch above 31 from another: raise the second field of the version." >&2
    exit 1
  else
    version=$version.$((patch * (release + 1) + step))
  fi
  ;;
esac
echo "$version"
