#!/usr/bin/env bash
# Runs `swift test` and, when something failed, says at the end what: among thousands of lines it is hard to find.
#   Tests/run.sh [arguments of swift test]
set -uo pipefail
log=$(mktemp)
trap 'rm -f "$log"' EXIT
"${SWIFT:-swift}" test "$@" 2>&1 | tee "$log"
status=$?
if [ $status -ne 0 ]; then
  printf '\nWhat failed:\n'
  # An issue's own lines follow it, each with an arrow; a crash of the tests is told by the program that ran them.
  awk '/ recorded an issue /{print; shown = 1; next} shown && /^ *↳/{print; next} {shown = 0}
       /^error: |Fatal error|^[*][*][*] |exited with unexpected signal/{print}' "$log" | tail -n 60
fi
exit $status
