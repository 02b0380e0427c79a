#!/usr/bin/env bash
# The API documentation of the library modules, from a debug build: a DocC archive each, in .build/documentation. Fails on any
# warning of DocC's, and on anything public without documentation in the modules of an author.
set -euo pipefail
cd "$(dirname "$0")/.."
build=.build/debug
output=.build/documentation
swift=${SWIFT:-swift}
docc=${DOCC:-$(dirname "$(readlink -f "$(command -v "$swift")")")/docc}
modules=(PluginKit Training Trainyard)

flags=(-target "$(uname -m)-unknown-linux-gnu" -I "$build/Modules" -minimum-access-level public -skip-inherited-docs)
for map in Sources/*/module.modulemap "$build"/*.build/module.modulemap; do
  [ -e "$map" ] && flags+=(-Xcc "-fmodule-map-file=$map")
done

rm -rf "$output"
failed=0
for module in "${modules[@]}"; do
  graphs=$output/graphs/$module
  mkdir -p "$graphs"
  "$swift" symbolgraph-extract -module-name "$module" "${flags[@]}" -output-dir "$graphs"
  # What extensions of the standard library's types would add is not ours to document.
  rm -f "$graphs/$module@"*.symbols.json
  said=$("$docc" convert "docs/api/$module.docc" --additional-symbol-graph-dir "$graphs" \
    --fallback-display-name "$module" --fallback-bundle-identifier "trainyard.$module" \
    --output-path "$output/$module.doccarchive" 2>&1) || failed=1
  if grep -q "warning:\|error:" <<<"$said"; then
    printf '%s\n' "$said" >&2
    failed=1
  fi
  echo "$output/$module.doccarchive"
done
exit $failed
