#!/usr/bin/env python3
"""Injects every fault into every call of isolated plugins, and counts the steps of training that were lost.

    faults.py [--program .build/release/trainyard] [--only callbacks] [--faults segfault,hang]

The plugins are those of Tests/TrainyardTests/Isolation/Fixtures, in C. Of each pair of a call and a fault there is a run for
each policy: dropped, the run must be the one without the plugin; brought back, the one in which nothing happened. What is
compared are weights, metrics.csv, outcome and steps. A fault counts as found when the run's summary says that it happened, in
that call, and nothing else. The last line counts them all.
"""

import argparse
import csv
import io
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../TrainyardTests/Isolation/Fixtures")
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")

FAULTS = ["segfault", "abort", "exit", "hang", "memory", "garbage", "close", "page"]
HOOKS = ["on_train_begin", "on_epoch_begin", "on_batch_begin", "on_optimizer_step", "on_batch_end",
         "on_validation_begin", "on_validation_batch_begin", "on_validation_batch_end", "on_validation_end",
         "on_epoch_end", "on_train_end", "on_exception"]
# Calls that go well before, and whether the host lends memory that a fault could write to.
MONITOR_CALLS = {"prepare": (0, False), "pass_begin": (1, False), "update": (5, True), "compute": (1, False)}
DATASET_CALLS = {"row_count": (0, False), "reset": (0, False), "read": (8, False)}
MODEL_CALLS = {"reset": (1, False), "train_step": (9, True), "evaluate": (5, True), "assign": (0, False),
               "parameter_get": (7, False), "parameter_set": (2, False), "state_save": (2, False)}
SNAPSHOT_CALLS = {"snapshot_take": (3, False), "snapshot_restore": (2, False), "snapshot_drop": (2, False)}


class Bench:
    def __init__(self, program, scratch):
        self.program = os.path.abspath(program)
        self.scratch = scratch
        self.runs = os.path.join(scratch, "runs")
        os.mkdir(self.runs)
        self.number = 0
        self.known = {}
        self.faults = self.compile("faults.c")
        self.model = self.compile("faulty_model.c")
        self.snapshots = self.compile("faulty_model.c", "-DSNAPSHOTS")

    def compile(self, source, *flags):
        library = os.path.join(self.scratch, f"lib{source[:-2]}{''.join(flags)}.so")
        subprocess.run(
            ["cc", "-O1", "-shared", "-fPIC", "-fvisibility=hidden", "-w", *flags,
             "-I", os.path.join(ROOT, "Sources/CTrainyard/include"), "-I", os.path.join(ROOT, "examples/model-in-c"),
             os.path.join(FIXTURES, source), "-o", library], check=True)
        return library

    def marker(self):
        """A file that is not there yet: the fault makes it, and once it is there nothing goes wrong."""
        return os.path.join(self.runs, f"marker-{self.number}")

    def run(self, **changes):
        """A run of a small pipeline, and what it came to."""
        name = f"run-{self.number}"
        self.number += 1
        pipeline = {
            "data": {"train": {"dataset": "synthetic", "shape": "moons", "rows": 200, "noise": 0.2},
                     "validation": {"fraction": 0.25}},
            "model": {"plugin": "mlp", "hidden": [8], "learning_rate": 0.02},
            "train": {"epochs": 2, "batch_size": 25, "seed": 3},
            "monitors": ["accuracy"], "callbacks": [],
            "output": {"folder": self.runs, "name": name, "store": False},
            "plugins": {"path": [os.path.dirname(self.program)]},
        }
        for path, value in changes.items():
            place = pipeline
            *above, last = path.split("__")
            for key in above:
                place = place[key]
            place[last] = value
        config = os.path.join(self.scratch, "p.json")
        with open(config, "w") as file:
            json.dump(pipeline, file)
        done = subprocess.run(
            [self.program, "run", "--quiet", config], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        folder = os.path.join(self.runs, name)
        try:
            result = Result(folder)
        except OSError as error:
            result = Result()
            result.outcome = f"status {done.returncode}: {error}; {done.stderr.decode(errors='replace')}"
        shutil.rmtree(folder, ignore_errors=True)
        return result

    def expected(self, key, **changes):
        """The same, once: a run without a fault."""
        if key not in self.known:
            self.known[key] = self.run(**changes)
            if self.known[key].metrics is None:
                sys.exit(f"the run without a fault failed: {self.known[key].outcome}")
        return self.known[key]


class Result:
    def __init__(self, folder=None):
        self.outcome, self.steps, self.repeated, self.incidents = "", 0, 0, []
        self.weights = self.metrics = None
        if folder is None:
            return
        with open(os.path.join(folder, "summary.json")) as file:
            summary = json.load(file)
        self.outcome = f"{summary['outcome']}: {summary['reason']}"
        self.steps = summary["steps"]
        self.repeated = summary.get("repeated_steps", 0)
        self.incidents = summary.get("incidents", [])
        with open(os.path.join(folder, "model/weights.safetensors"), "rb") as file:
            self.weights = file.read()
        with open(os.path.join(folder, "metrics.csv")) as file:
            self.metrics = list(csv.DictReader(io.StringIO(file.read())))

    def equals(self, other):
        """In all that the other has: a monitor that was dropped leaves a column with some of its values."""
        if (self.outcome, self.steps, self.weights) != (other.outcome, other.steps, other.weights):
            return False
        mine, its = self.metrics or [], other.metrics or []
        return len(mine) == len(its) and all(
            all(a.get(key) == value for key, value in b.items()) for a, b in zip(mine, its))


class Table:
    def __init__(self):
        self.injected = self.found = self.lost = self.repeated = self.differ = 0

    def add(self, what, call, policy, report, expected):
        self.injected += 1
        self.lost += max(0, expected.steps - report.steps)
        self.repeated += report.repeated
        wrong = []
        # A monitor is two instances, which are dropped one by one.
        if {(i["call"], i["policy"]) for i in report.incidents} == {(call, policy)}:
            self.found += 1
        else:
            wrong.append(f"incidents: {report.incidents}")
        if not report.equals(expected):
            self.differ += 1
            wrong.append(f"'{report.outcome}', {report.steps} steps, and '{expected.outcome}', {expected.steps} steps")
        if wrong:
            print(f"FAILED {what}, {policy}: {'; '.join(wrong)}", flush=True)


def fault_keys(fault, call, key="hook"):
    keys = {"fault": fault, key: call, "memory_limit": 64}
    # Only one that waits for it: a machine under load is slow to start a process.
    if fault == "hang":
        keys["deadline"] = "1s"
    return keys


def callbacks(bench, faults, table):
    def changes(call, plugin):
        failing = {"plugin": bench.faults, "name": "failing", "fault": "fail", "hook": "on_batch_end", "after": 8,
                   "quiet": True}
        return {"callbacks": ([failing] if call == "on_exception" else []) + ([plugin] if plugin else [])}

    plugin = {"plugin": bench.faults, "isolate": True}
    for call, fault in itertools.product(HOOKS, faults):
        kind = "failing" if call == "on_exception" else "whole"
        keys = fault_keys(fault, call)
        report = bench.run(**changes(call, {**plugin, **keys, "quiet": True, "on_crash": "drop"}))
        table.add(f"callback, {fault} in {call}", call, "drop", report,
                  bench.expected(f"{kind} without", **changes(call, None)))
        after = 3 if "batch" in call or "step" in call else 0
        report = bench.run(**changes(
            call, {**plugin, **keys, "after": after, "on_crash": "restart", "marker": bench.marker()}))
        table.add(f"callback, {fault} in {call}", call, "restart", report,
                  bench.expected(f"{kind} with", **changes(call, plugin)))
    return HOOKS, "drop, restart"


def monitors(bench, faults, table):
    plugin = {"plugin": bench.faults, "isolate": True}
    for (call, (after, lends)), fault in itertools.product(MONITOR_CALLS.items(), faults):
        if fault == "page" and not lends:
            continue
        keys = {**fault_keys(fault, call), "after": after}
        report = bench.run(monitors=["accuracy", {**plugin, **keys, "on_crash": "drop"}])
        table.add(f"monitor, {fault} in {call}", call, "drop", report, bench.expected("whole without", callbacks=[]))
        report = bench.run(
            monitors=["accuracy", {**plugin, **keys, "on_crash": "restart", "marker": bench.marker()}])
        table.add(f"monitor, {fault} in {call}", call, "restart", report,
                  bench.expected("monitor", monitors=["accuracy", plugin]))
    return MONITOR_CALLS, "drop, restart"


def datasets(bench, faults, table):
    plugin = {"dataset": bench.faults, "isolate": True}
    for (call, (after, lends)), fault in itertools.product(DATASET_CALLS.items(), faults):
        if fault == "page" and not lends:
            continue
        keys = {**fault_keys(fault, call), "after": after, "on_crash": "restart", "marker": bench.marker()}
        report = bench.run(data__train={**plugin, **keys})
        table.add(f"dataset, {fault} in {call}", call, "restart", report,
                  bench.expected("dataset", data__train=plugin))
    return DATASET_CALLS, "restart"


def models(bench, faults, table):
    others = {
        "train": {"epochs": 5, "batch_size": 25, "seed": 3},
        "callbacks": [
            "csv-logger",
            {"plugin": "learning-rate-scheduler", "schedule": "exponential", "parameters": {"initial": 0.5, "k": 0.2}},
            {"plugin": "early-stopping", "monitor": "loss", "patience": 3, "restore_best_weights": True},
        ],
        "checkpoints": {"every_steps": 4},
    }
    for library, calls in ((bench.model, MODEL_CALLS), (bench.snapshots, SNAPSHOT_CALLS)):
        plugin = {"plugin": library, "isolate": True, "learning_rate": 0.5, "momentum": 0.9}
        for (call, (after, lends)), fault in itertools.product(calls.items(), faults):
            if fault == "page" and not lends:
                continue
            keys = {**fault_keys(fault, call, "call"), "after": after, "on_crash": "restart",
                    "marker": bench.marker()}
            report = bench.run(model={**plugin, **keys}, **others)
            table.add(f"model, {fault} in {call}", call, "restart", report,
                      bench.expected(library, model=plugin, **others))
    return {**MODEL_CALLS, **SNAPSHOT_CALLS}, "restart"


KINDS = {"callbacks": callbacks, "monitors": monitors, "datasets": datasets, "models": models}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=".build/release/trainyard")
    parser.add_argument("--only", action="append", choices=sorted(KINDS), help="of these kinds; repeated")
    parser.add_argument("--faults", default=",".join(FAULTS), help="of these faults")
    arguments = parser.parse_args()
    faults = arguments.faults.split(",")
    unknown = set(faults) - set(FAULTS)
    if unknown:
        parser.error(f"no fault {', '.join(unknown)}; there are {', '.join(FAULTS)}")
    scratch = tempfile.mkdtemp(prefix="trainyard-faults-")
    bench = Bench(arguments.program, scratch)
    print("| plugins | calls | faults | on_crash | injected | found | steps lost | results that differ | steps repeated |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    total = Table()
    for kind in arguments.only or KINDS:
        table = Table()
        calls, policies = KINDS[kind](bench, faults, table)
        print(f"| {kind} | {len(calls)} | {len(faults)} | {policies} | {table.injected} | {table.found} "
              f"| {table.lost} | {table.differ} | {table.repeated} |", flush=True)
        for key, value in vars(table).items():
            setattr(total, key, getattr(total, key) + value)
    shutil.rmtree(scratch)
    print(f"{total.injected} faults injected, {total.injected - total.found} not found, {total.lost} steps lost, "
          f"{total.differ} results that differ")
    sys.exit(0 if total.found == total.injected and total.lost == total.differ == 0 else 1)


if __name__ == "__main__":
    main()
