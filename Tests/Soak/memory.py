#!/usr/bin/env python3
"""Peak memory of runs of growing length: many batches, then many epochs, with checkpoints all the while.

    memory.py [--program .build/release/trainyard] [--most 1000000]

A program that keeps something of every batch shows it here. Of every epoch it keeps the metrics: that is the history.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

RUN = ("run --quiet --data synthetic:rows=1000 --validation 0.1 --model mlp:hidden=[4] --monitor accuracy "
       "--callback csv-logger --callback early-stopping:patience=1000000 --callback ema-weights "
       "--set checkpoints.every_seconds=2")


def peak(program, folder, arguments):
    """Kilobytes, and seconds."""
    begin = time.monotonic()
    child = os.fork()
    if child == 0:
        os.chdir(folder)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.execv(program, [program] + arguments)
    _, status, usage = os.wait4(child, 0)
    if status != 0:
        sys.exit(f"{' '.join(arguments)}: status {status}")
    return usage.ru_maxrss, time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=".build/release/trainyard")
    parser.add_argument("--most", type=int, default=1_000_000, help="batches of the longest run")
    arguments = parser.parse_args()
    program = os.path.abspath(arguments.program)
    folder = tempfile.mkdtemp(prefix="trainyard-memory-")
    for batches in (arguments.most // 100, arguments.most // 10, arguments.most):
        # 900 rows, one in each batch.
        epochs = max(1, batches // 900)
        size, seconds = peak(program, folder, RUN.split() + ["--batch-size", "1", "--epochs", str(epochs)])
        print(f"{epochs * 900} batches in {epochs} epochs: {size / 1024:.1f} MiB at most, {seconds:.0f} s", flush=True)
    for epochs in (100, 1000, 10_000):
        size, seconds = peak(program, folder, RUN.split() + ["--batch-size", "900", "--epochs", str(epochs)])
        print(f"{epochs} epochs of one batch: {size / 1024:.1f} MiB at most, {seconds:.0f} s", flush=True)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
