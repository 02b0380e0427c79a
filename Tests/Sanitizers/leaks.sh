#!/bin/bash
# Looks for memory that is lost, with valgrind, in whole commands: leaks.sh FOLDER, called by `make leaks`. FOLDER is that
# of a debug build. What is still reachable when a program ends is no leak: libraries are never closed. Commands that start
# a process for a plugin cannot be run so: valgrind does not know the system call.
set -u -o pipefail

build=$1 tree=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Without what debuggers read: valgrind cannot.
for file in "$build"/trainyard "$build"/lib*.so; do strip -g "$file" -o "$folder/${file##*/}"; done
plugin() { cc -std=c99 -g -O1 -shared -fPIC -fvisibility=hidden -I "$tree/Sources/CTrainyard/include" "$1" -o "$2"; }
cd "$folder" || exit 1
plugin "$tree/examples/callback-in-c/halve_on_plateau.c" libhalve.so
plugin "$tree/examples/model-in-c/softmax_regression.c" libsoftmax.so
cc -g -O1 -shared -fPIC "$tree/examples/monitor-from-c/brier.c" -o libbrier.so
printf 'a,b,y\n1,2,x\n3,4,z\n5,6,x\n7,8,z\n2,2,x\n4,4,z\n' >rows.csv
printf '1 1:0.5 3:1\n0 2:1\n1 1:2\n0 3:2\n' >rows.svm
cat >function.yaml <<'YAML'
data: {train: {dataset: synthetic, rows: 64}}
model: {plugin: mlp, hidden: []}
train: {epochs: 1, seed: 7}
monitors:
  - {name: brier, library: ./libbrier.so, symbol: brier_score, returns: f64, direction: min,
     args: [{bind: prediction, as: "*const f32"}, {bind: target, as: "*const i32"}, {bind: count, as: usize}]}
YAML

small="--seed 7 --epochs 2 --quiet --data synthetic:shape=moons,rows=64 --validation 0.2"
commands=(
  "run $small --model mlp:hidden=[4] --monitor accuracy --monitor roc-auc --monitor confusion-matrix --name one
    --set checkpoints.keep_finished=true"
  "run $small --model mlp:hidden=[4] --callback early-stopping --callback csv-logger --callback model-checkpoint
    --callback tensorboard --callback json-lines-logger --callback ema-weights --callback progress --name two"
  "run $small --model ./libsoftmax.so --callback ./libhalve.so:monitor=loss --name three"
  "run --data csv:file=rows.csv,target=y --model mlp:hidden=[] --epochs 2 --batch-size 2 --quiet --name five"
  "run --data libsvm:file=rows.svm --model mlp:hidden=[] --epochs 2 --batch-size 2 --quiet --name six"
  "run function.yaml --quiet --name seven"
  "resume runs/one --epochs 3"
  "predict runs/five --data csv:file=rows.csv,target=y --output predictions.csv"
  "evaluate runs/five --data csv:file=rows.csv,target=y"
  "cross-validate $small --model mlp:hidden=[] --set cross_validation.folds=2 --name nine"
  "runs list"
  "runs show one --epochs"
  "replay runs/one --callback early-stopping"
)

export SWIFT_BACKTRACE=enable=no
lost=0
for command in "${commands[@]}"; do
  # Its words are words here.
  # shellcheck disable=SC2086
  valgrind --quiet --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --error-exitcode=99 \
    --log-file=valgrind.log ./trainyard $command >output.log 2>&1
  status=$?
  printf '%-100.100s' "$(echo ${command/"$small"/…})"
  if [ $status -eq 99 ]; then
    lost=$((lost + 1))
    echo "  lost:" && head -n 40 valgrind.log
  elif [ $status -ne 0 ]; then
    lost=$((lost + 1))
    echo "  status $status:" && tail -n 5 output.log
  else
    echo
  fi
done
echo "${#commands[@]} commands, $lost failed"
[ $lost -eq 0 ]
