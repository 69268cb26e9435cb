#!/usr/bin/env bash
# Reads the shell scripts with shellcheck, and the workflows, with the scripts inside them, with actionlint (module path
# with version as $1). Where there is no shellcheck, which deps.sh installs on Debian alone, it says so.
set -euo pipefail
cd "$(dirname "$0")/.."
if command -v shellcheck >/dev/null; then
  find packaging .ci -type f \( -name '*.sh' -o -path .ci/run \) -exec shellcheck {} +
else
  echo "shellcheck is not here; the scripts are not checked."
fi
go run "$1" .github/workflows/*.yml
