#!/bin/bash
# Fuzzes the parsers of outside bytes with libFuzzer: fuzz.sh PROGRAM SECONDS TARGET, called by `make fuzz`.
# SECONDS for each target; TARGET may be all. What is found stays below the program's folder: inputs that reach new
# code in fuzz-corpus, those that hurt a parser in fuzz-crashes.
set -eu -o pipefail

program=$1 seconds=$2 wanted=$3
seeds=$(dirname "$0")/Data/corpus
folder=$(dirname "$program")
found=$folder/fuzz-corpus crashes=$folder/fuzz-crashes
[ "$wanted" != all ] || wanted=$(ls "$seeds")
mkdir -p "$crashes"

# The words of a format, which libFuzzer puts into its inputs: those between quotes in what reads it.
words() {
  local readers=$(dirname "$0")/../Sources/Trainyard
  case $1 in
    config | inline | options) readers+=/Config ;;
    checkpoint) readers+=/Checkpoints ;;
    recording) readers+=/Replay ;;
    model) readers+=/Outputs ;;
    *) return 0 ;;
  esac
  grep -ohE '"[a-z][a-z_.]{2,}"' -r "$readers" | sort -u
}

# Swift's own backtraces wait for ever inside a sanitizer. What Swift keeps for ever is no leak.
export SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}
# Inputs that parsers read from a file are written there thousands of times in each second.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm

executions=0 faults=0
for target in $wanted; do
  mkdir -p "$found/$target"
  log=$folder/fuzz-$target.log
  status=0
  dictionary=$folder/fuzz-$target.words
  words "$target" >"$dictionary"
  # It takes no empty one.
  [ -s "$dictionary" ] || echo '"0"' >"$dictionary"
  FUZZ_TARGET=$target "$program" "$found/$target" "$seeds/$target" -max_total_time="$seconds" -max_len=16384 \
    -dict="$dictionary" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$crashes/$target-" >"$log" 2>&1 || status=$?
  count=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  count=${count:-0}
  printf '%-12s %10d executions' "$target" "$count"
  if [ "$status" -ne 0 ]; then
    printf '  a crash: %s\n' "$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)"
    faults=$((faults + 1))
    # A program that did not begin to fuzz is no result.
    [ "$count" -gt 0 ] || tail -n 5 "$log"
  else
    printf '\n'
  fi
  executions=$((executions + count))
done
echo "$executions executions, $faults crashes"
[ "$faults" -eq 0 ]
