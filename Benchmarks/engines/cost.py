"""What the host costs over an engine's own loop: the same library, data, parameters, seed, threads and work.

    python Benchmarks/engines/cost.py --program .build/release/trainyard [--rows 20000] [--rounds 60] [--repeat 3]

Both sides hand the rows over, boost, and measure the loss of training and validation rows after each round, with early
stopping that never stops. Trainyard also writes metrics.csv and its recording. Runs alternate; the least of each side counts.
Two figures: the time of a whole run, rows included, and the processor time of its second half of rounds (a run of half as
many is taken off), which other work on the machine disturbs less.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np


def make(folder, rows):
    random = np.random.default_rng(3)
    for name, count in [("train", rows), ("valid", rows // 5)]:
        features = np.round(random.normal(size=(count, 30)), 4)
        score = features[:, 0] - 2 * features[:, 1] * features[:, 2] + np.sin(2 * features[:, 3]) + features[:, 4:10].sum(1)
        target = (score + random.normal(size=count) > 0).astype(int)
        head = ",".join([f"x{n}" for n in range(30)] + ["y"])
        np.savetxt(f"{folder}/{name}.csv", np.column_stack([features, target]), delimiter=",", header=head, comments="", fmt="%.4f")


def read(folder, name):
    rows = np.genfromtxt(f"{folder}/{name}.csv", delimiter=",", skip_header=1)
    return rows[:, :-1].astype(np.float32), rows[:, -1].astype(np.float32)


def clock():
    return time.perf_counter(), time.process_time()


def since(began):
    return tuple(now - then for now, then in zip(clock(), began))


def xgboost(train, valid, rounds, threads):
    import xgboost as xgb

    began = clock()
    data = xgb.DMatrix(train[0], label=train[1], nthread=threads)
    other = xgb.DMatrix(valid[0], label=valid[1], nthread=threads)
    parameters = {"objective": "binary:logistic", "max_depth": 6, "eta": 0.1, "seed": 7, "nthread": threads, "eval_metric": "logloss"}
    xgb.train(parameters, data, rounds, evals=[(data, "train"), (other, "valid")], early_stopping_rounds=rounds, verbose_eval=False)
    return since(began)


def lightgbm(train, valid, rounds, threads):
    import lightgbm as lgb

    began = clock()
    data = lgb.Dataset(train[0], train[1])
    other = lgb.Dataset(valid[0], valid[1], reference=data)
    parameters = {"objective": "binary", "num_leaves": 63, "learning_rate": 0.1, "seed": 7, "num_threads": threads,
                  "metric": "binary_logloss", "deterministic": True, "force_col_wise": True, "verbosity": -1}
    lgb.train(parameters, data, rounds, valid_sets=[data, other], callbacks=[lgb.early_stopping(rounds, verbose=False)])
    return since(began)


MODELS = {"xgboost": (xgboost, "{plugin: xgboost, max_depth: 6, eta: 0.1, seed: 7}"),
          "lightgbm": (lightgbm, "{plugin: lightgbm, num_leaves: 63, learning_rate: 0.1, seed: 7}")}


def host(program, folder, name, model, rounds, threads):
    with open(f"{folder}/p.yaml", "w") as file:
        file.write(f"""
data:
  train: {{dataset: csv, file: train.csv, target: y, target_type: category}}
  validation: {{dataset: csv, file: valid.csv, target: y, target_type: category}}
model: {model}
train: {{epochs: {rounds}, threads: {threads}, seed: 7}}
callbacks: [{{plugin: early-stopping, monitor: val_loss, patience: {rounds}, restore_best_weights: true}}]
output: {{folder: runs}}
""")
    before = os.times()
    subprocess.run([os.path.abspath(program), "run", "p.yaml", "--quiet", "--name", name], cwd=folder, check=True,
                   capture_output=True)
    with open(f"{folder}/runs/{name}/summary.json") as file:
        seconds = json.load(file)["seconds"]
    after = os.times()
    return seconds, after.children_user + after.children_system - before.children_user - before.children_system


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=".build/release/trainyard")
    parser.add_argument("--rows", type=int, default=100000)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make(folder, options.rows)
        train, valid = read(folder, "train"), read(folder, "valid")
        print(f"{options.rows} rows of 30 features, {options.rounds} rounds, {options.threads} threads, least of {options.repeat}")
        for engine, (own, model) in MODELS.items():
            sides = {"own loop": lambda count, name: own(train, valid, count, options.threads),
                     "in Trainyard": lambda count, name: host(options.program, folder, name, model, count, options.threads)}
            found = {side: {"whole": [], "half": []} for side in sides}
            for number in range(options.repeat):
                for side, measure in sides.items():
                    whole = measure(options.rounds, f"{engine}-{number}")
                    half = measure(options.rounds // 2, f"{engine}-{number}-half")
                    found[side]["whole"].append(whole)
                    found[side]["half"].append(half[1])
            walls = [min(wall for wall, _ in found[side]["whole"]) for side in sides]
            rounds = [min(cpu for _, cpu in found[side]["whole"]) - min(found[side]["half"]) for side in sides]
            for what, (theirs, ours) in [("whole run, s", walls), ("second half of rounds, processor s", rounds)]:
                print(f"{engine:9} {what:36} own loop {theirs:7.3f}   in Trainyard {ours:7.3f}   {100 * (ours / theirs - 1):+.1f} %",
                      flush=True)


if __name__ == "__main__":
    sys.exit(main())
