#!/usr/bin/env python3
"""What a batch hook of an isolated callback costs beside one in the host's process.

    isolation_cost.py [--program .build/release/trainyard] [--epochs 20] [--batches 500] [--rounds 3]

Trains a small model with the callback terminate-on-nan, which looks at one number after each batch: alone and five of
them side by side, in the host's process and in one helper. The figures are those of `costs` in each summary, the least of
all rounds: what else runs on the machine only adds to them.
"""

import argparse
import json
import os
import shutil
import subprocess
import tempfile


def cost(program, folder, name, count, isolate, arguments):
    """Microseconds of one batch in on_batch_end of all the callbacks together."""
    pipeline = {
        "data": {"train": {"dataset": "synthetic", "rows": 10 * arguments.batches}},
        "model": {"plugin": "mlp", "hidden": [4]},
        "train": {"epochs": arguments.epochs, "batch_size": 10, "seed": 1},
        "callbacks": [{"plugin": "terminate-on-nan", "name": f"watch-{i}", "isolate": isolate} for i in range(count)],
        "output": {"folder": folder, "name": name, "store": False},
        "checkpoints": False,
        "plugins": {"path": [os.path.dirname(program)]},
    }
    path = os.path.join(folder, name + ".json")
    with open(path, "w") as file:
        json.dump(pipeline, file)
    subprocess.run([program, "run", "--quiet", path], check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(folder, name, "summary.json")) as file:
        costs = [c for c in json.load(file)["costs"] if c["hook"] == "on_batch_end"]
    assert len(costs) == count, costs
    return sum(c["seconds"] / c["calls"] for c in costs) * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=".build/release/trainyard")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batches", type=int, default=500, help="in each epoch")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    program = os.path.abspath(arguments.program)
    folder = tempfile.mkdtemp(prefix="trainyard-isolation-")
    print(f"on_batch_end, per batch, over {arguments.epochs * arguments.batches} batches, "
          f"least of {arguments.rounds} rounds; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for words, count in (("one callback", 1), ("five neighbours", 5)):
        here, there = (min(cost(program, folder, f"{isolate}-{count}-{number}", count, isolate, arguments)
                           for number in range(arguments.rounds)) for isolate in (False, "together"))
        print(f"{words}: {here:.2f} us in the host's process, {there:.1f} us in one helper", flush=True)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
