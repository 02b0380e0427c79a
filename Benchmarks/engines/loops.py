"""An engine's own loop, as its package and its documentation write it: what `cost.py` compares runs with.

    python loops.py ENGINE FOLDER ROUNDS THREADS METRIC

METRIC of the boosters is `engine`: the loss is one of the engine's own metrics; or `own`: a function of predictions, as for every
metric that the engine does not have.

Trains on FOLDER/train.npz and valid.npz (torch: images.npz and cnn.pt), writes processor time and clock at the end of each
round, or epoch, to FOLDER/stamps, and prints the losses of the last one.
"""

import json
import sys
import time

import numpy

stamps = []


def stamp():
    stamps.append((time.process_time(), time.perf_counter()))


def rows(folder, name):
    data = numpy.load(f"{folder}/{name}.npz")
    return data["x"], data["y"]


def log_loss(predicted, labels):
    return float(-numpy.log(numpy.where(labels > 0, predicted, 1 - predicted)).mean())


def xgboost(folder, rounds, threads, metric):
    import xgboost as xgb

    class Stamps(xgb.callback.TrainingCallback):
        def after_iteration(self, model, epoch, evals_log):
            stamp()
            return False

    data, other = (xgb.DMatrix(x, label=y, nthread=threads) for x, y in (rows(folder, "train"), rows(folder, "valid")))
    parameters = {"objective": "binary:logistic", "max_depth": 6, "eta": 0.1, "seed": 7, "nthread": threads}
    own = None
    if metric == "engine":
        parameters["eval_metric"] = "logloss"
    else:
        parameters["disable_default_eval_metric"] = 1
        own = lambda predicted, rows: ("logloss", log_loss(predicted, rows.get_label()))
    losses = {}
    xgb.train(parameters, data, rounds, evals=[(data, "train"), (other, "valid")], early_stopping_rounds=rounds,
              evals_result=losses, verbose_eval=False, custom_metric=own, callbacks=[Stamps()])
    return {"val_loss": losses["valid"]["logloss"][-1]}


def lightgbm(folder, rounds, threads, metric):
    import lightgbm as lgb

    data = lgb.Dataset(*rows(folder, "train"))
    other = lgb.Dataset(*rows(folder, "valid"), reference=data)
    parameters = {"objective": "binary", "num_leaves": 63, "learning_rate": 0.1, "seed": 7, "num_threads": threads,
                  "metric": "binary_logloss" if metric == "engine" else "None", "deterministic": True, "force_col_wise": True, "verbosity": -1}
    own = None if metric == "engine" else lambda predicted, rows: ("binary_logloss", log_loss(predicted, rows.get_label()), False)
    losses = {}
    callbacks = [lgb.record_evaluation(losses), lgb.early_stopping(rounds, verbose=False), lambda _: stamp()]
    # After the losses, and before what ends the last round by an exception.
    callbacks[-1].order = 25
    lgb.train(parameters, data, rounds, valid_sets=[data, other], valid_names=["train", "valid"], feval=own, callbacks=callbacks)
    return {"val_loss": losses["valid"]["binary_logloss"][-1]}


def torch(folder, epochs, threads, _):
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(7)
    images, labels = (torch.from_numpy(array) for array in rows(folder, "images"))
    images, labels = images.reshape(-1, 1, 28, 28), labels.long()
    model = torch.jit.load(f"{folder}/cnn.pt")
    optimizer = torch.optim.Adam(model.parameters(), 0.001)
    # As the host runs it: the same kernels each time.
    with torch.jit.optimized_execution(False):
        for _ in range(epochs):
            model.train()
            total = 0.0
            for batch in torch.randperm(len(labels)).split(64):
                optimizer.zero_grad(set_to_none=True)
                loss = torch.nn.functional.cross_entropy(model(images[batch]), labels[batch])
                loss.backward()
                optimizer.step()
                total += loss.item() * len(batch)
            stamp()
    return {"loss": total / len(labels)}


if __name__ == "__main__":
    engine, folder, rounds, threads, metric = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
    losses = {"xgboost": xgboost, "lightgbm": lightgbm, "torch": torch}[engine](folder, rounds, threads, metric)
    with open(f"{folder}/stamps", "w") as file:
        file.writelines(f"{processor:.9f} {clock:.9f}\n" for processor, clock in stamps)
    print(json.dumps(losses))
