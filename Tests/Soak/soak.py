#!/usr/bin/env python3
"""Kills runs at random points, resumes them until they finish, and compares each with one that was never killed.

    soak.py --kills 300 --seed 1 [--program .build/release/trainyard] [--scratch FOLDER] [--only NAME]

What must be equal, bit for bit: the weights at the end, metrics.csv, events.jsonl and the summary without their times,
and every file that a plugin wrote. A kill has passed when the run that it hit ended so. The last line counts them.
"""

import argparse
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

# Every built-in callback and monitor that goes on exactly, and the positions that are hard: within a pass, within a
# validation pass, while gradients are accumulated, with averages swapped in, with files that come and go.
MOONS = "{dataset: synthetic, shape: moons, rows: 240, noise: 0.3}"
PIPELINES = {
    "keras": f"""
data: {{train: {MOONS}, validation: {{fraction: 0.3}}, standardize: true}}
model: {{plugin: mlp, hidden: [12], dropout: 0.2, learning_rate: 0.03}}
train: {{epochs: 8, batch_size: 16, validation_batch_size: 8, seed: 11}}
monitors:
  [accuracy, precision, recall, f1, roc-auc, pr-auc, log-loss, brier, calibration-error, matthews-correlation,
   cohen-kappa, confusion-matrix, {{name: gap, expression: 'ema(val_loss - loss, 0.9)'}}]
callbacks:
  - {{plugin: early-stopping, patience: 50, restore_best_weights: true}}
  - {{plugin: ema-weights, momentum: 0.9}}
  - {{plugin: reduce-lr-on-plateau, patience: 1, factor: 0.7}}
  - {{plugin: model-checkpoint, filename: '{{epoch:02d}}-{{val_loss:.4f}}.safetensors', save_weights_only: true}}
  - {{plugin: model-checkpoint, name: best, save_best_only: true, save_last: true}}
  - csv-logger
  - {{plugin: learning-rate-monitor}}
  - terminate-on-nan
  - progress
  - model-summary
  - {{plugin: timer, duration: 10h}}
output: {{record: batches}}
checkpoints: {{every_seconds: 0.1, every_steps: 9}}
""",
    "lightning": """
data:
  train: {dataset: synthetic, shape: blobs, rows: 260, classes: 4, features: 3, noise: 1.5}
  validation: {fraction: 0.25, stratify: true}
  class_weight: balanced
model: {plugin: mlp, hidden: [10, 6], optimizer: adamw, learning_rate: 0.02}
train: {epochs: 14, batch_size: 20, validation_batch_size: 10, validation_every: 2, seed: 5}
monitors: [accuracy, {plugin: top-k-accuracy, k: 2}, {plugin: f1, average: macro}, cohen-kappa, roc-auc, confusion-matrix]
callbacks:
  - {plugin: early-stopping, rules: lightning, monitor: loss, patience: 40}
  - {plugin: gradient-accumulation-scheduler, scheduling: {0: 3, 6: 2}}
  - {plugin: model-checkpoint, rules: lightning, monitor: val_loss, save_top_k: 2, save_last: true}
  - {plugin: model-checkpoint, name: steps, rules: lightning, every_n_train_steps: 7, filename: 'steps-{step}'}
  - {plugin: learning-rate-scheduler, schedule: exponential-decay, interval: step,
     parameters: {decay_steps: 10, decay_rate: 0.9}}
  - {plugin: json-lines-logger, every_n_batches: 3}
  - {plugin: tensorboard, update_freq: 4, histogram_freq: 3}
  - {plugin: spike-detection, rtol: 1000.0}
  - on-exception-checkpoint
checkpoints: {every_seconds: 0.05, keep: 1}
""",
    "regression": """
data:
  train: {dataset: synthetic, shape: linear, rows: 300, features: 4, noise: 0.5}
  validation: {dataset: synthetic, shape: linear, rows: 90, features: 4, noise: 0.5, part: 1}
model: {plugin: mlp, hidden: [7], optimizer: sgd, momentum: 0.9, learning_rate: 0.01, accumulate_grad_batches: 4}
train: {epochs: 16, batch_size: 10, validation_batch_size: 7, seed: 2, prefetch: "on"}
monitors:
  - mean-absolute-error
  - mean-squared-error
  - root-mean-squared-error
  - r2
  - explained-variance
  - {plugin: quantile-loss, quantile: 0.8}
  - {name: gathered, library: ./libmeasures.so, symbol: gathered, returns: f64,
     args: [{bind: prediction, as: "*const f32"}, {bind: target, as: "*const f32"}, {bind: count, as: usize},
            {context: 8, as: "*f64"}]}
  - {name: running, library: ./libmeasures.so, symbol: running, returns: f64, when: batch,
     args: [{bind: prediction, as: "*const f32"}, {bind: count, as: usize}]}
  - {name: best_gap, expression: 'best(val_loss, min) - previous(loss, 0)'}
callbacks:
  - {plugin: stochastic-weight-averaging, swa_lrs: 0.005, swa_epoch_start: 8}
  - {plugin: call, library: ./libmeasures.so, symbol: counted, returns: f64, hooks: [on_batch_end, on_epoch_end],
     args: [{bind: epoch, as: i64}, {context: 8, as: "*f64"}], result: calls}
  - {plugin: csv-logger, filename: logs/all.csv}
  - {plugin: learning-rate-monitor}
checkpoints: {every_seconds: 0.05}
""",
    "stopped": f"""
data: {{train: {MOONS}, validation: {{fraction: 0.3}}}}
model: {{plugin: mlp, hidden: [8], optimizer: rmsprop, learning_rate: 0.1}}
train: {{epochs: 500, batch_size: 32, validation_batch_size: 16, seed: 8, find_learning_rate: {{steps: 20, max: 0.5}}}}
monitors: [accuracy]
callbacks:
  - {{plugin: early-stopping, monitor: val_accuracy, patience: 6, restore_best_weights: true}}
  - {{plugin: ema-weights, momentum: 0.5, swap: validation, overwrite_frequency: 10}}
  - {{plugin: learning-rate-scheduler, schedule: exponential, parameters: {{initial: 0.1, k: 0.03}}}}
  - {{plugin: model-checkpoint, monitor: val_accuracy, save_best_only: true}}
checkpoints: {{every_epochs: 1, every_seconds: 0.02}}
""",
    "max-steps": f"""
data: {{train: {MOONS}}}
model: {{plugin: mlp, hidden: [], learning_rate: 0.05}}
train: {{epochs: 50, batch_size: 7, seed: 4, max_steps: 401}}
callbacks: [csv-logger, json-lines-logger]
checkpoints: {{every_steps: 4}}
""",
}

MEASURES = r"""
#include <stddef.h>
#include <stdint.h>
double gathered(const float *p, const float *t, size_t n, double *context) {
  double s = 0;
  for (size_t i = 0; i < n; i++) s = 0.999 * s + (double)p[i] * t[i];
  return s + ++*context;
}
double running(const float *p, size_t n) {
  double s = 0;
  for (size_t i = 0; i < n; i++) s += p[i];
  return n ? s / (double)n : 0;
}
double counted(int64_t epoch, double *context) { return *context += 1 + (double)epoch / 1024; }
"""


class Soak:
    def __init__(self, program, scratch, seed):
        self.program = os.path.abspath(program)
        self.scratch = scratch
        self.random = random.Random(seed)
        self.kills = 0
        self.passed = 0
        self.failed = 0
        self.begun_anew = 0
        self.environment = dict(os.environ, SWIFT_BACKTRACE="enable=no")
        with open(os.path.join(scratch, "measures.c"), "w") as file:
            file.write(MEASURES)
        subprocess.run(
            ["cc", "-O2", "-shared", "-fPIC", "-o", "libmeasures.so", "measures.c"], cwd=scratch, check=True)

    def start(self, arguments):
        return subprocess.Popen(
            [self.program] + arguments, cwd=self.scratch, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def check(self, arguments):
        process = self.start(arguments)
        output, _ = process.communicate()
        if process.returncode != 0:
            sys.exit(f"{' '.join(arguments)}: status {process.returncode}\n{output.decode()}")

    def baseline(self, name):
        with open(os.path.join(self.scratch, f"{name}.yaml"), "w") as file:
            file.write(PIPELINES[name].replace("\noutput: {", "\noutput: {folder: runs, ") if "\noutput:" in
                       PIPELINES[name] else PIPELINES[name] + "output: {folder: runs}\n")
        begin = time.monotonic()
        self.check(["run", f"{name}.yaml", "--quiet", "--name", f"{name}-whole"])
        took = time.monotonic() - begin
        return contents(os.path.join(self.scratch, "runs", f"{name}-whole")), took

    def one_run(self, name, number, whole, took, most):
        """Kills one run until it finishes; returns how often, and what it came to."""
        run = f"{name}-{number}"
        folder = os.path.join(self.scratch, "runs", run)
        kills = 0
        while True:
            if os.path.isdir(os.path.join(folder, "resume")):
                arguments = self.random.choice(
                    [["resume", f"runs/{run}"], ["run", "--resume", f"{name}.yaml", "--name", run]])
            else:
                arguments = ["run", f"{name}.yaml", "--name", run]
            process = self.start(arguments + ["--quiet"])
            # Mostly while it trains; now and then while it begins, or puts its files back.
            delay = self.random.uniform(0, took) if self.random.random() < 0.85 else self.random.uniform(0, 0.1)
            kind = signal.SIGTERM if self.random.random() < 0.1 else signal.SIGKILL
            try:
                output, _ = process.communicate(timeout=delay if kills < most else None)
            except subprocess.TimeoutExpired:
                process.send_signal(kind)
                output, _ = process.communicate()
            status = process.returncode
            if status == 0:
                return kills, self.compare(run, folder, whole)
            if status in (-signal.SIGKILL, 130, -signal.SIGTERM):
                kills += 1
                continue
            words = output.decode(errors="replace")
            if "it has no checkpoint" in words or "there is no unfinished run" in words:
                # Killed before there was anything to go on from.
                self.begun_anew += 1
                shutil.rmtree(folder, ignore_errors=True)
                continue
            if "exists already" in words:
                # Likewise; or in its very last moment, with everything written.
                if os.path.exists(os.path.join(folder, "summary.json")) and not os.path.isdir(
                        os.path.join(folder, "resume")):
                    return kills, self.compare(run, folder, whole)
                self.begun_anew += 1
                shutil.rmtree(folder, ignore_errors=True)
                continue
            return kills, f"status {status} of {' '.join(arguments)}: {words}"

    def compare(self, run, folder, whole):
        # A kill while it removed what nobody needs any more.
        shutil.rmtree(os.path.join(folder, "resume.old"), ignore_errors=True)
        found = contents(folder)
        wrong = []
        for name in sorted(set(whole) | set(found)):
            if name not in found:
                wrong.append(f"{name} is missing")
            elif name not in whole:
                wrong.append(f"{name} should not be there")
            elif whole[name] != found[name]:
                wrong.append(f"{name} differs{first_difference(whole[name], found[name])}")
        if not wrong:
            shutil.rmtree(folder)
        return "; ".join(wrong)

    def run(self, kills, names):
        wholes = {}
        for name in names:
            wholes[name] = self.baseline(name)
            print(f"{name}: {wholes[name][1]:.2f} s, {len(wholes[name][0])} files", flush=True)
        number = 0
        begin = time.monotonic()
        while self.kills < kills:
            name = names[number % len(names)]
            whole, took = wholes[name]
            done, wrong = self.one_run(name, number, whole, took, min(kills - self.kills, 40))
            number += 1
            self.kills += done
            if wrong:
                self.failed += max(1, done)
                print(f"FAILED {name}-{number - 1} after {done} kills: {wrong}", flush=True)
            else:
                self.passed += done
            if number % 10 == 0:
                print(f"{self.kills} kills, {number} runs, {time.monotonic() - begin:.0f} s", flush=True)
        print(f"{number} runs, {self.kills} kills, {self.begun_anew} of them before the first checkpoint")
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0


def first_difference(whole, found):
    if isinstance(whole, list) and isinstance(found, list):
        for index, (a, b) in enumerate(zip(whole, found)):
            if a != b:
                return f" in line {index + 1}: {str(a)[:300]} / {str(b)[:300]}"
        return f": {len(whole)} and {len(found)} lines"
    return ""


def contents(folder):
    """The files of a run, without what the clock or the name has a part in."""
    files = {}
    for path, _, names in os.walk(folder):
        for name in names:
            full = os.path.join(path, name)
            relative = os.path.relpath(full, folder)
            with open(full, "rb") as file:
                data = file.read()
            if relative == "config.json":
                continue
            if relative == "events.jsonl":
                data = [event(line) for line in data.splitlines()]
            elif relative == "summary.json":
                data = without(json.loads(data), ["seconds", "costs"])
            elif "tfevents" in name:
                relative = os.path.join(os.path.dirname(relative), "events")
                data = records(data)
            elif relative in ("metrics.csv",) or name.endswith((".csv", ".jsonl")):
                data = data.decode().splitlines(keepends=True)
            files[relative] = data
    return files


def event(line):
    value = without(json.loads(line), ["seconds"])
    # What the progress line says of time, it says in words.
    return without(value, ["effects"]) if value.get("by") == "progress" else value


def without(value, keys):
    return {key: item for key, item in value.items() if key not in keys}


def records(data):
    """The records of an event file, each without its wall time (field 1, a double, at its beginning)."""
    found, at = [], 0
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        record = data[at + 12:at + 12 + length]
        at += 16 + length
        found.append(record[9:] if record[:1] == b"\x09" else record)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--program", default=".build/release/trainyard")
    parser.add_argument("--scratch", help="where runs go; memory, where there is such a file system")
    parser.add_argument("--only", action="append", choices=sorted(PIPELINES))
    arguments = parser.parse_args()
    parent = arguments.scratch or ("/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    scratch = tempfile.mkdtemp(prefix="trainyard-soak-", dir=parent)
    status = Soak(arguments.program, scratch, arguments.seed).run(
        arguments.kills, arguments.only or list(PIPELINES))
    if status == 0:
        shutil.rmtree(scratch)
    else:
        print(f"what is left is in {scratch}", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
