"""The engines' own Python packages, for comparison: makes data, trains with the same settings, compares bit by bit.

    peer.py make FOLDER                      train.csv, valid.csv and test.csv of each task
    peer.py libraries                        the shared libraries that the packages use
    peer.py compare ENGINE TASK FOLDER JSON  trains with the parameters, reads predictions.csv, says "equal"
"""

import csv
import json
import sys

import numpy as np

FEATURES = 5


def make(folder):
    random = np.random.default_rng(5)
    for task in ["binary", "classes", "regression", "ranking"]:
        for name, rows in [("train", 600), ("valid", 200), ("test", 150)]:
            features = np.round(random.normal(size=(rows, FEATURES)), 3)
            score = features[:, 0] - 2 * features[:, 1] * features[:, 2] + np.sin(2 * features[:, 3])
            score += random.normal(size=rows) * 0.5
            target = {
                "binary": (score > 0).astype(int),
                "classes": np.digitize(score, [-1, 1]),
                "regression": np.round(score, 3),
                "ranking": np.digitize(score, [-1, 0.5, 2]),
            }[task]
            weight = np.round(random.uniform(0.5, 2, size=rows), 2)
            with open(f"{folder}/{task}-{name}.csv", "w") as file:
                writer = csv.writer(file)
                writer.writerow([f"x{n}" for n in range(FEATURES)] + ["y", "w", "q"])
                for row in range(rows):
                    writer.writerow([*features[row], target[row], weight[row], row // 10])


def read(folder, task, name):
    rows = np.genfromtxt(f"{folder}/{task}-{name}.csv", delimiter=",", skip_header=1)
    return rows[:, :FEATURES].astype(np.float32), rows[:, -3].astype(np.float32), rows[:, -2].astype(np.float32)


def groups(rows):
    return [10] * (rows // 10)


def squared(scores, target):
    return scores.astype(np.float32) - target, np.ones(len(target), dtype=np.float32)


def xgboost(task, folder, settings):
    import xgboost as xgb

    def matrix(name):
        features, target, weight = read(folder, task, name)
        weights = weight if settings.get("weighted") else None
        if task != "ranking":
            return xgb.DMatrix(features, label=target, weight=weights)
        data = xgb.DMatrix(features, label=target)
        data.set_group(groups(len(target)))
        return data

    options = {}
    if settings.get("patience"):
        options = {"evals": [(matrix("valid"), "valid")], "early_stopping_rounds": settings["patience"], "verbose_eval": False}
    if settings.get("custom"):
        options["obj"] = lambda scores, data: squared(scores, data.get_label())
    booster = xgb.train(settings["parameters"], matrix("train"), settings["rounds"], **options)
    best = booster.best_iteration + 1 if settings.get("patience") else settings["rounds"]
    features, _, _ = read(folder, task, "test")
    return booster.predict(xgb.DMatrix(features), iteration_range=(0, best)), best


def lightgbm(task, folder, settings):
    import lightgbm as lgb

    parameters = {**settings["parameters"], "verbosity": -1}
    features, target, weight = read(folder, task, "train")
    group = groups(len(target)) if task == "ranking" else None
    train = lgb.Dataset(features, target, weight=weight if settings.get("weighted") else None, group=group)
    options = {}
    if settings.get("patience"):
        valid_features, valid_target, _ = read(folder, task, "valid")
        options["valid_sets"] = [lgb.Dataset(valid_features, valid_target, reference=train)]
        options["callbacks"] = [lgb.early_stopping(settings["patience"], verbose=False)]
    if settings.get("custom"):
        parameters["objective"] = lambda scores, data: squared(scores, data.get_label())
    booster = lgb.train(parameters, train, settings["rounds"], **options)
    best = booster.best_iteration if settings.get("patience") else settings["rounds"]
    features, _, _ = read(folder, task, "test")
    return booster.predict(features, num_iteration=best), best


def compare(engine, task, folder, settings):
    expected, best = {"xgboost": xgboost, "lightgbm": lightgbm}[engine](task, folder, settings)
    with open(f"{folder}/predictions.csv") as file:
        rows = [[float(cell) for cell in row[1:]] for row in list(csv.reader(file))[1:]]
    found = np.array(rows, dtype=expected.dtype)
    # After the class, and for a binary task after the probability of the other class.
    found = {"binary": lambda: found[:, 2], "classes": lambda: found[:, 1:]}.get(task, lambda: found[:, 0])()
    different = int((found != expected).sum())
    spread = "varied" if len(np.unique(expected)) > 20 else "constant"
    print("equal" if different == 0 and found.shape == expected.shape else f"{different} of {expected.size} differ,"
          f" by up to {np.abs(found - expected).max()}", f"best {best}", spread)


if __name__ == "__main__":
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == "make":
        make(arguments[0])
    elif command == "libraries":
        import lightgbm.libpath as lgb_path
        import xgboost.libpath as xgb_path

        print(xgb_path.find_lib_path()[0])
        found = getattr(lgb_path, "_find_lib_path", None) or lgb_path.find_lib_path
        print(found()[0])
    else:
        compare(arguments[0], arguments[1], arguments[2], json.loads(arguments[3]))
