#!/bin/bash
# Runs the test modules under a sanitizer, one after another: sanitize.sh SANITIZER MODULES FLAGS…, called by
# `make sanitize`. MODULES may be all. FLAGS are those of `swift build`; with them all tests have been built. Of each
# module the output is kept beside the build. A report of a sanitizer, in the tests or in a process that they start and
# whose errors they show, is a failure.
set -u -o pipefail

sanitizer=$1 modules=$2
shift 2
build=$PWD/.build/$sanitizer
[ "$modules" != all ] || modules=$(cd Tests && ls -d *Tests)

# A cc for the C plugins of tests: gcc has a run-time library of its own, which does not go together with clang's.
mkdir -p "$build/bin"
printf '#!/bin/sh\nexec clang -fsanitize=%s "$@"\n' "$sanitizer" >"$build/bin/cc"
chmod +x "$build/bin/cc"
export PATH="$build/bin:$PATH"

# Swift's own backtraces wait for ever inside a sanitizer.
export SWIFT_BACKTRACE=enable=no
export ASAN_OPTIONS=detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}
export TSAN_OPTIONS="suppressions=$PWD/Tests/thread-sanitizer.supp${TSAN_OPTIONS:+ $TSAN_OPTIONS}"

count=0 failed=0
for module in $modules; do
  log=$build/sanitize-$module.log
  status=0
  timeout "${SECONDS_EACH:-3600}" "${SWIFT:-swift}" test --skip-build --filter "^$module\." "$@" >"$log" 2>&1 \
    || status=$?
  reports=$(grep -c -E '(ERROR|WARNING): (Address|Thread|Leak)Sanitizer' "$log")
  tests=$(sed -n 's/.*Test run with \([0-9]*\) tests\{0,1\}.*/\1/p' "$log" | tail -n 1)
  printf '%-22s %5s tests  %3d reports' "$module" "${tests:-no}" "$reports"
  if [ "$status" -ne 0 ] || [ "$reports" -ne 0 ]; then
    printf '  failed: %s\n' "${log#"$PWD/"}"
    failed=$((failed + 1))
  else
    printf '\n'
  fi
  count=$((count + 1))
done
echo "$sanitizer: $count modules, $failed failed"
[ "$failed" -eq 0 ]
