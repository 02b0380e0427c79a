#!/bin/bash
# Runs the test modules under a sanitizer, one after another: sanitize.sh SANITIZER MODULES FLAGS…, called by
# `make sanitize`. MODULES may be all. FLAGS are those of `swift build`; with them all tests have been built. Of each
# module the output is kept beside the build, and what the sanitizer reports, in the tests or in a process that they
# start: each report is a failure. That a process crashes is none: tests let plugins do so.
set -u -o pipefail

sanitizer=$1 modules=$2
shift 2
build=$PWD/.build/$sanitizer
[ "$modules" != all ] || modules=$(cd Tests && ls -d *Tests)

# A cc for the C plugins of tests: gcc has a run-time library of its own, which does not go together with clang's. That
# of the toolchain's ThreadSanitizer knows of libdispatch, and a program does not link without.
mkdir -p "$build/bin"
libraries=$(dirname "$(dirname "$(readlink -f "$(command -v clang)")")")/lib/swift/linux
cat >"$build/bin/cc" <<CC
#!/bin/sh
case "$sanitizer \$* " in
  thread*' -shared '* | thread*' -c '* | address*) exec clang -fsanitize=$sanitizer "\$@" ;;
  *) exec clang -fsanitize=$sanitizer "\$@" "-L$libraries" "-Wl,-rpath,$libraries" -ldispatch -lBlocksRuntime ;;
esac
CC
chmod +x "$build/bin/cc"
export PATH="$build/bin:$PATH"

# Swift's own backtraces wait for ever inside a sanitizer.
export SWIFT_BACKTRACE=enable=no
address_options=detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}
thread_options="suppressions=$PWD/Tests/Sanitizers/thread.supp${TSAN_OPTIONS:+ $TSAN_OPTIONS}"
preloaded=
if [ "$sanitizer" = thread ]; then
  preloaded=$build/libmutex.so
  clang -std=c11 -Wall -Wextra -O2 -shared -fPIC Tests/Sanitizers/mutex.c -o "$preloaded"
fi

# All but the signals of a crash.
reported='WARNING: ThreadSanitizer|ERROR: LeakSanitizer|ERROR: AddressSanitizer: (attempting|[a-z]+-[a-z-]+)'

count=0 failed=0
for module in $modules; do
  log=$build/sanitize-$module.log found=$build/sanitize-$module
  rm -rf "$found"
  mkdir "$found"
  status=0
  LD_PRELOAD=$preloaded ASAN_OPTIONS=$address_options:log_path=$found/report \
    TSAN_OPTIONS="$thread_options log_path=$found/report" timeout "${SECONDS_EACH:-3600}" \
    "${SWIFT:-swift}" test --skip-build --filter "^$module\." "$@" >"$log" 2>&1 || status=$?
  reports=$(cat "$log" "$found"/* 2>/dev/null | grep -c -E "$reported")
  tests=$(sed -n 's/.*Test run with \([0-9]*\) tests\{0,1\}.*/\1/p' "$log" | tail -n 1)
  printf '%-22s %5s tests  %3d reports' "$module" "${tests:-no}" "$reports"
  if [ "$status" -ne 0 ] || [ "$reports" -ne 0 ]; then
    printf '  failed: %s\n' "${log#"$PWD/"}, ${found#"$PWD/"}/"
    failed=$((failed + 1))
  else
    printf '\n'
  fi
  count=$((count + 1))
done
echo "$sanitizer: $count modules, $failed failed"
[ "$failed" -eq 0 ]
