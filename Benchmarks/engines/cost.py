"""What the host costs over an engine's own loop: the same library, data, parameters, seed, threads and work.

    python Benchmarks/engines/cost.py --program .build/release/trainyard [--rows 20000] [--rounds 60] [--repeat 3]

Both sides hand the rows over, boost, and measure the loss of training and validation rows after each round, with early
stopping that never stops. Trainyard also writes metrics.csv and its recording. Runs alternate; the least of each side counts.
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


def xgboost(train, valid, rounds, threads):
    import xgboost as xgb

    began = time.perf_counter()
    data = xgb.DMatrix(train[0], label=train[1], nthread=threads)
    other = xgb.DMatrix(valid[0], label=valid[1], nthread=threads)
    parameters = {"objective": "binary:logistic", "max_depth": 6, "eta": 0.1, "seed": 7, "nthread": threads, "eval_metric": "logloss"}
    xgb.train(parameters, data, rounds, evals=[(data, "train"), (other, "valid")], early_stopping_rounds=rounds, verbose_eval=False)
    return time.perf_counter() - began


def lightgbm(train, valid, rounds, threads):
    import lightgbm as lgb

    began = time.perf_counter()
    data = lgb.Dataset(train[0], train[1])
    other = lgb.Dataset(valid[0], valid[1], reference=data)
    parameters = {"objective": "binary", "num_leaves": 63, "learning_rate": 0.1, "seed": 7, "num_threads": threads,
                  "metric": "binary_logloss", "deterministic": True, "force_col_wise": True, "verbosity": -1}
    lgb.train(parameters, data, rounds, valid_sets=[data, other], callbacks=[lgb.early_stopping(rounds, verbose=False)])
    return time.perf_counter() - began


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
    subprocess.run([os.path.abspath(program), "run", "p.yaml", "--quiet", "--name", name], cwd=folder, check=True,
                   capture_output=True)
    with open(f"{folder}/runs/{name}/summary.json") as file:
        return json.load(file)["seconds"]


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
            ours, theirs = [], []
            for number in range(options.repeat):
                theirs.append(own(train, valid, options.rounds, options.threads))
                ours.append(host(options.program, folder, f"{engine}-{number}", model, options.rounds, options.threads))
            print(f"{engine:9} own loop {min(theirs):7.3f} s   in Trainyard {min(ours):7.3f} s   "
                  f"{100 * (min(ours) / min(theirs) - 1):+.1f} %", flush=True)


if __name__ == "__main__":
    sys.exit(main())
