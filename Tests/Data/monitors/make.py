"""Records what scikit-learn says of small data, for Tests/MonitorTests.

    python3 -m venv venv && venv/bin/pip install scikit-learn==1.9.1
    venv/bin/python make.py

Writes datasets.json (the rows) and a file for each monitor: cases of (data, options, expected values). A value that
is not expected is one that the monitor must not publish. Numbers are short binary fractions, exact also as f32.
"""

import json
import math
import os
import warnings

import numpy as np
import sklearn
from sklearn import calibration, metrics

warnings.simplefilter("ignore")
here = os.path.dirname(os.path.abspath(__file__))
random = np.random.default_rng(4)
names = ["cat", "dog", "big bird", "fish"]
datasets = {}


# ---- Data -------------------------------------------------------------------------------------------------------


def add(name, task, target, prediction, weight=None, group=None, width=1, types=("f32", "f64")):
    datasets[name] = dict(
        task=task, width=width, types=list(types),
        y=np.asarray(target, dtype=float if task in ("regression", "ranking") else int),
        p=np.asarray(prediction, dtype=float),
        w=None if weight is None else np.asarray(weight, dtype=float),
        group=None if group is None else np.asarray(group, dtype=int))


def weights(rows):
    return random.integers(0, 33, rows) / 8


def binary(rows, steps=1024):
    target = random.integers(0, 2, rows)
    noise = random.integers(0, steps + 1, rows) / steps
    # A model that knows something: half of the way to the truth in every other row.
    return target, np.where(random.random(rows) < 0.5, noise, np.round((noise + target) / 2 * steps) / steps)


def classes(rows, steps=1024, absent=None, count=4):
    known = [c for c in range(count) if c != absent]
    target = random.choice(known, rows)
    chance = random.dirichlet(np.ones(count), rows)
    chance[np.arange(rows), target] += 0.3
    if absent is not None:
        chance[:, absent] *= 0.01
    chance /= chance.sum(axis=1, keepdims=True)
    return target, np.stack([random.multinomial(steps, c) / steps for c in chance])


add("binary", "binary", *binary(120))
add("binary_double", "binary", *(lambda d: (d[0], 0.98 * d[1] + random.random(120) / 50))(binary(120)), types=["f64"])
add("binary_ties", "binary", *binary(90, steps=4))
add("binary_weights", "binary", *binary(110), weights(110))
add("binary_ties_weights", "binary", *binary(100, steps=8), weights(100))
add("binary_all_zero", "binary", np.zeros(20), random.integers(0, 1025, 20) / 1024)
add("binary_all_one", "binary", np.ones(20), random.integers(0, 1025, 20) / 1024)
add("binary_perfect", "binary", [0, 1, 1, 0, 1, 0], [0, 1, 1, 0, 1, 0])
add("binary_reversed", "binary", [0, 1, 1, 0, 1], [1, 0, 0, 1, 0])
add("binary_never", "binary", [0, 1, 1, 0, 1], [0.25, 0.5, 0.125, 0, 0.375])
add("binary_row", "binary", [1], [0.75])
add("binary_empty", "binary", [], [])
add("binary_weightless", "binary", [0, 1, 1], [0.25, 0.5, 0.75], [0, 0, 0])
add("classes", "classes", *classes(150), width=4)
add("classes_double", "classes", *(lambda d: (d[0], (d[1] + 1e-3) / 1.004))(classes(100)), width=4, types=["f64"])
add("classes_ties", "classes", *classes(120, steps=4), width=4)
add("classes_weights", "classes", *classes(140), weights(140), width=4)
add("classes_ties_weights", "classes", *classes(100, steps=8), weights(100), width=4)
add("classes_absent", "classes", *classes(60, absent=2), width=4)
add("classes_single", "classes", np.full(15, 1), classes(15)[1], width=4)
add("classes_perfect", "classes", [0, 1, 2, 3, 0, 3, 2], np.eye(4)[[0, 1, 2, 3, 0, 3, 2]], width=4)
add("classes_empty", "classes", [], np.zeros((0, 4)), width=4)


def regression(rows, width=1, offset=0.0, scale=1.0):
    shape = (rows,) if width == 1 else (rows, width)
    target = np.round(random.normal(0, 1, shape) * 512) / 512 * scale + offset
    return target, target + np.round(random.normal(0.1, 0.5, shape) * 512) / 512 * scale


add("regression", "regression", *regression(130))
add("regression_double", "regression", *(lambda d: (d[0], d[1] / 3))(regression(100)), types=["f64"])
add("regression_weights", "regression", *regression(120), weights(120))
add("regression_far", "regression", *regression(100, offset=16384.0))
add("regression_far_weights", "regression", *regression(100, offset=16384.0), weights(100))
add("regression_large", "regression", *regression(60, scale=2.0**60))
add("regression_constant", "regression", [4, 4, 4, 4], [3, 4, 5, 4.5])
add("regression_constant_right", "regression", [4, 4, 4, 4], [4, 4, 4, 4])
add("regression_biased", "regression", [1, 2, 3, 5], [2, 3, 4, 6])
add("regression_perfect", "regression", [1, 2, 3, 5], [1, 2, 3, 5])
add("regression_row", "regression", [1.5], [1])
add("regression_empty", "regression", [], [])
add("regression_weightless", "regression", [1, 2], [2, 4], [0, 0])
add("outputs", "regression", *regression(90, width=3), width=3)
add("outputs_weights", "regression", *regression(80, width=3), weights(80), width=3)


def ranking(groups, steps=1024, most=12):
    group = random.permutation(np.concatenate([np.full(random.integers(2, most), 100 - g) for g in range(groups)]))
    target = random.integers(0, 5, len(group))
    return target, random.integers(-steps, steps + 1, len(group)) / 1024 + target / 4, group


def ranked(name, target, score, group, weight=None):
    add(name, "ranking", target, score, weight, group)


ranked("ranking", *ranking(20))
ranked("ranking_ties", *(lambda d: (d[0], np.floor(d[1] * 2), d[2]))(ranking(20)))
ranked("ranking_weights", *(lambda d: (*d, weights(len(d[0]))))(ranking(15)))
ranked("ranking_irrelevant", [0, 0, 0, 1, 2, 0], [3, 2, 1, 3, 2, 1], [7, 7, 7, 9, 9, 9])
ranked("ranking_perfect", [3, 2, 1, 0], [4, 3, 2, 1], [1, 1, 1, 1])
ranked("ranking_empty", [], [], [])


# ---- What scikit-learn says --------------------------------------------------------------------------------------


def predicted(d, threshold=0.5):
    return (d["p"] > threshold).astype(int) if d["task"] == "binary" else np.argmax(d["p"], axis=1)


def is_void(d):
    return len(d["y"]) == 0 or (d["w"] is not None and d["w"].sum() == 0)


def one(name, value):
    """A single value; not expected where scikit-learn gives nan."""
    return {} if math.isnan(value) else {name: float(value)}


def parts(name, d, values):
    labels = ["big_bird" if n == "big bird" else n for n in names] if d["task"] == "classes" else None
    return {f"{name}_{labels[i] if labels else i}": float(v) for i, v in enumerate(values) if not math.isnan(v)}


def accuracy(d, o):
    return one("accuracy", metrics.accuracy_score(d["y"], predicted(d, o.get("threshold", 0.5)), sample_weight=d["w"]))


def top_k(d, o):
    return one("top_k_accuracy", metrics.top_k_accuracy_score(
        d["y"], d["p"], k=o.get("k", 5), labels=range(4), sample_weight=d["w"]))


def ratio(name, function):
    def value(d, o):
        average = o.get("average", "auto")
        if average == "auto":
            average = "binary" if d["task"] == "binary" else "macro"
        found = predicted(d, o.get("threshold", 0.5))
        settings = dict(sample_weight=d["w"], zero_division=o.get("zero_division", 0.0))
        if "beta" in o:
            settings["beta"] = o["beta"]
        if average != "none":
            return one(name, function(d["y"], found, average=average, **settings))
        count = 2 if d["task"] == "binary" else 4
        values = np.array(function(d["y"], found, average=None, labels=range(count), **settings))
        # scikit-learn leaves classes out that are neither target nor prediction, unless it is given labels.
        values[[c not in d["y"] and c not in found for c in range(count)]] = np.nan
        return parts(name, d, values)
    return value


def f_score(y, p, beta=1.0, **settings):
    return metrics.fbeta_score(y, p, beta=beta, **settings)


def roc_auc(d, o):
    if d["task"] == "binary":
        return one("roc_auc", metrics.roc_auc_score(d["y"], d["p"], sample_weight=d["w"]))
    average = o.get("average", "macro")
    kind = o.get("multi_class", "ovr")
    if kind == "ovo" and len(np.unique(d["y"])) < 2:
        return {}
    settings = dict(multi_class=kind, labels=range(4), average=None if average == "none" else average)
    if kind == "ovr":
        settings["sample_weight"] = d["w"]
    value = metrics.roc_auc_score(d["y"], d["p"], **settings)
    return parts("roc_auc", d, value) if average == "none" else one("roc_auc", value)


def pr_auc(d, o):
    if d["task"] == "binary":
        return one("pr_auc", metrics.average_precision_score(d["y"], d["p"], sample_weight=d["w"]))
    average = o.get("average", "macro")
    value = metrics.average_precision_score(
        np.eye(4, dtype=int)[d["y"]], d["p"], average=None if average == "none" else average, sample_weight=d["w"])
    return parts("pr_auc", d, value) if average == "none" else one("pr_auc", value)


def log_loss(d, o, type):
    epsilon = float(np.finfo(np.float32 if type == "f32" else np.float64).eps)
    p = np.stack([1 - d["p"], d["p"]], axis=1) if d["task"] == "binary" else d["p"]
    p = np.clip(p, epsilon, 1 - epsilon)
    return one("log_loss", metrics.log_loss(d["y"], p, labels=range(p.shape[1]), sample_weight=d["w"]))


def brier(d, o):
    if d["task"] == "binary":
        return one("brier", metrics.brier_score_loss(d["y"], d["p"], pos_label=1, labels=[0, 1], sample_weight=d["w"]))
    return one("brier", metrics.brier_score_loss(d["y"], d["p"], labels=range(4), sample_weight=d["w"]))


def calibration_error(d, o):
    bins = o.get("bins", 15)
    if d["task"] == "binary":
        hit, confidence = d["y"], d["p"]
    else:
        hit, confidence = (predicted(d) == d["y"]).astype(int), d["p"].max(axis=1)
    # The bins of calibration_curve.
    place = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidence)
    w = np.ones(len(hit)) if d["w"] is None else d["w"]
    mass = np.bincount(place, w, bins)
    used = mass > 0
    right = np.bincount(place, w * hit, bins)[used] / mass[used]
    mean = np.bincount(place, w * confidence, bins)[used] / mass[used]
    if d["w"] is None and len(np.unique(hit)) == 2:
        theirs = calibration.calibration_curve(hit, confidence, n_bins=bins)
        assert np.allclose(theirs[0], right, rtol=1e-14) and np.allclose(theirs[1], mean, rtol=1e-14)
    gap, share = np.abs(right - mean), mass[used] / w.sum()
    norm = o.get("norm", "l1")
    return one("calibration_error", {
        "l1": (gap * share).sum(), "l2": math.sqrt((gap**2 * share).sum()), "max": gap.max()}[norm])


def error(name, function):
    def value(d, o):
        settings = dict(alpha=o["quantile"]) if "quantile" in o else {}
        average = o.get("multioutput", "uniform_average")
        value = function(d["y"], d["p"], sample_weight=d["w"], multioutput=average, **settings)
        return parts(name, d, value) if average == "raw_values" else one(name, value)
    return value


def matthews(d, o):
    return one("matthews_correlation", metrics.matthews_corrcoef(d["y"], predicted(d), sample_weight=d["w"]))


def kappa(d, o):
    weighting = o.get("weights", "none")
    return one("cohen_kappa", metrics.cohen_kappa_score(
        d["y"], predicted(d), labels=range(2 if d["task"] == "binary" else 4),
        weights=None if weighting == "none" else weighting, sample_weight=d["w"]))


def confusion(d, o):
    found = predicted(d)
    labels = range(2 if d["task"] == "binary" else 4)
    result = one("balanced_accuracy", metrics.balanced_accuracy_score(d["y"], found, sample_weight=d["w"]))
    matrix = metrics.confusion_matrix(d["y"], found, labels=labels, sample_weight=d["w"])
    if d["task"] == "binary":
        cells = ["true_negatives", "false_positives", "false_negatives", "true_positives"]
        result |= {name: float(value) for name, value in zip(cells, matrix.ravel())}
    theirs = {"target": "true", "prediction": "pred", "all": "all"}.get(o.get("normalize"))
    matrix = metrics.confusion_matrix(d["y"], found, labels=labels, sample_weight=d["w"], normalize=theirs)
    return result | {"list confusion_matrix": [float(value) for value in matrix.ravel()]}


def ndcg(d, o):
    gains = 2.0 ** d["y"] - 1 if o.get("gain") == "exponential" else d["y"]
    values, mass = [], []
    for group in np.unique(d["group"]):
        rows = d["group"] == group
        values.append(metrics.ndcg_score([gains[rows]], [d["p"][rows]], k=o.get("k")))
        mass.append(1.0 if d["w"] is None else d["w"][rows].mean())
    return one("ndcg", np.average(values, weights=mass))


# ---- Cases -------------------------------------------------------------------------------------------------------


averages = [dict(average=a) for a in ("macro", "micro", "weighted", "none")]
ratios = [{}, *averages, dict(zero_division=1.0), dict(threshold=0.25), dict(average="none", zero_division=1.0)]
outputs = [{}, dict(multioutput="raw_values")]
variances = [*outputs, dict(multioutput="variance_weighted")]
both = ("binary", "classes")

monitors = {
    "accuracy": (accuracy, both, [{}, dict(threshold=0.25)]),
    "top-k-accuracy": (top_k, ("classes",), [{}, *[dict(k=k) for k in (1, 2, 3)]]),
    "precision": (ratio("precision", metrics.precision_score), both, ratios),
    "recall": (ratio("recall", metrics.recall_score), both, ratios),
    "f1": (ratio("f1", f_score), both, [*ratios, dict(beta=2.0), dict(beta=0.5, average="weighted")]),
    "roc-auc": (roc_auc, both, [
        {}, *averages[1:], dict(multi_class="ovo"), dict(multi_class="ovo", average="weighted")]),
    "pr-auc": (pr_auc, both, [{}, *averages[1:]]),
    "log-loss": (log_loss, both, [{}]),
    "brier": (brier, both, [{}]),
    "calibration-error": (calibration_error, both, [{}, dict(bins=4), dict(norm="l2"), dict(norm="max", bins=10)]),
    "mean-absolute-error": (error("mean_absolute_error", metrics.mean_absolute_error), ("regression",), outputs),
    "mean-squared-error": (error("mean_squared_error", metrics.mean_squared_error), ("regression",), outputs),
    "root-mean-squared-error": (
        error("root_mean_squared_error", metrics.root_mean_squared_error), ("regression",), outputs),
    "r2": (error("r2", metrics.r2_score), ("regression",), variances),
    "explained-variance": (error("explained_variance", metrics.explained_variance_score), ("regression",), variances),
    "matthews-correlation": (matthews, both, [{}]),
    "cohen-kappa": (kappa, both, [{}, dict(weights="linear"), dict(weights="quadratic")]),
    "confusion-matrix": (confusion, both, [{}, *[dict(normalize=n) for n in ("target", "prediction", "all")]]),
    "quantile-loss": (
        error("quantile_loss", metrics.mean_pinball_loss), ("regression",), [{}, dict(quantile=0.9), *outputs[1:]]),
    "ndcg": (ndcg, ("ranking",), [{}, dict(k=3), dict(gain="exponential"), dict(k=5, gain="exponential")]),
}


def cases(monitor):
    function, tasks, settings = monitors[monitor]
    for name, d in datasets.items():
        if d["task"] not in tasks:
            continue
        for options in settings:
            several = d["task"] == "classes" or "outputs" in name
            if not several and options.get("average", options.get("multioutput", "")) in (
                    "weighted", "variance_weighted") and "weights" not in name:
                continue
            if options.get("multi_class") == "ovo" and d["w"] is not None:
                continue
            if "raw_values" in options.values() and d["width"] == 1:
                continue
            if monitor in ("roc-auc", "pr-auc") and options and d["task"] == "binary":
                continue
            for type in d["types"]:
                # Only log-loss depends on the type.
                if monitor == "log-loss":
                    expected = {} if is_void(d) else function(d, options, type)
                    yield dict(data=name, types=[type], options=options, expected=expected)
                else:
                    expected = {} if is_void(d) else function(d, options)
                    # A matrix of weights that are all 0 is a list of zeros.
                    if monitor == "confusion-matrix" and name == "binary_weightless":
                        if options:
                            continue
                        expected = {k: 0.0 for k in (
                            "true_negatives", "false_positives", "false_negatives", "true_positives")}
                        expected["list confusion_matrix"] = [0.0] * 4
                    yield dict(data=name, types=d["types"], options=options, expected=expected)
                    break


def recorded(d):
    result = dict(task=d["task"], width=d["width"], types=d["types"])
    if d["task"] == "classes":
        result["class_names"] = names
    result["target"] = d["y"].ravel().tolist()
    result["prediction"] = d["p"].ravel().tolist()
    if d["w"] is not None:
        result["weight"] = d["w"].tolist()
    if d["group"] is not None:
        result["group"] = d["group"].tolist()
    return result


def write(name, head, key, lines):
    with open(os.path.join(here, name), "w") as file:
        file.write("{" + head + '"' + key + '": [\n' + ",\n".join(json.dumps(line) for line in lines) + "\n]}\n")


write("datasets.json", "", "datasets", [dict(name=n) | recorded(d) for n, d in datasets.items()])
for monitor in monitors:
    write(monitor + ".json", f'"scikit_learn": "{sklearn.__version__}", ', "cases", cases(monitor))
