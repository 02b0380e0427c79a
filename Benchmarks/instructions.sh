#!/usr/bin/env bash
# Instructions that a batch of 4-8-1 costs with a no-op callback, counted by callgrind: what seconds are too noisy for.
# Two runs, one with four times the batches of the other; the difference is free of everything that happens once.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cc -std=c11 -O2 -shared -fPIC -fvisibility=hidden -DNOOP -I Sources/CTrainyard/include Benchmarks/Plugins/callbacks.c \
  -o "$folder/libbench-noop.so"
# valgrind 3.19 cannot read the debug information of Swift 6.
for file in trainyard libmlp.so libsynthetic.so; do
  cp ".build/release/$file" "$folder/"
  strip -g "$folder/$file"
done

# count BATCHES CALLBACKS: instructions of a run.
count() {
  local list=""
  for ((i = 0; i < $2; i++)); do list+="{plugin: $folder/libbench-noop.so, name: c$i}, "; done
  cat >"$folder/run.yaml" <<YAML
data: {train: {dataset: synthetic, shape: linear, features: 4, rows: 32000}}
model: {plugin: mlp, hidden: [8], optimizer: sgd}
train: {epochs: $(($1 / 1000)), batch_size: 32}
callbacks: [$list]
YAML
  (cd "$folder" && valgrind --tool=callgrind --callgrind-out-file="$folder/$1-$2.out" ./trainyard run run.yaml --quiet) 2>&1 \
    | sed -n 's/.*refs: *//p' | tr -d ,
}

few=$(count 1000 1)
many=$(count 4000 1)
none_few=$(count 1000 0)
none_many=$(count 4000 0)
with_few=$(count 1000 21)
with_many=$(count 4000 21)
echo "instructions per batch, one callback: $(((many - few) / 3000))"
echo "instructions per batch, none:         $(((none_many - none_few) / 3000))"
echo "instructions per hook call:           $(((with_many - with_few - many + few) / 3000 / 40))"

# What a call through libffi costs more than a direct one: the C function on 10,000 rows is the same in both.
cp .build/release/trainyard-bench "$folder/"
strip -g "$folder/trainyard-bench"
cc -O2 -shared -fPIC -I Benchmarks/Baselines/include -I Sources/CTrainyard/include Benchmarks/Baselines/calls.c \
  -o "$folder/libmeasures.so" -ldl

# foreign KIND CALLS: instructions of a process with so many calls.
foreign() {
  valgrind --tool=callgrind --callgrind-out-file="$folder/foreign.out" "$folder/trainyard-bench" --child "$1" \
    "$folder/libmeasures.so" "$2" 2>&1 | sed -n 's/.*refs: *//p' | tr -d ,
}
ours=$((($(foreign foreign 1100) - $(foreign foreign 100)) / 1000))
direct=$((($(foreign foreign-direct 1100) - $(foreign foreign-direct 100)) / 1000))
echo "instructions per foreign measure:     $ours, $direct called directly: $((ours - direct)) more"
echo
callgrind_annotate "$folder/4000-1.out" 2>/dev/null | swift demangle --compact | cut -c 1-140 | sed -n '/file:function/,$p' | head -40
