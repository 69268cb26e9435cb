#!/usr/bin/env bash
# Prints the commands of the papers' blocks that `make package-test` says it runs.
#   blocks.sh sh|bat
set -euo pipefail
cd "$(dirname "$0")/../.."
awk -v fence="\`\`\`$1 by=\"make package-test\"" '$0 == fence {inside = 1; next} /^```/ {inside = 0} inside' ./*.md docs/*.md
