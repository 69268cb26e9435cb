#!/usr/bin/env bash
# Prints the commands of the papers' blocks that a target of make says it runs.
#   blocks.sh sh|bat "make TARGET"
set -euo pipefail
cd "$(dirname "$0")/../.."
awk -v fence="\`\`\`$1 by=\"$2\"" '$0 == fence {inside = 1; next} /^```/ {inside = 0} inside' ./*.md docs/*.md
