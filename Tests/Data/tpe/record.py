# Records the Parzen estimators of Optuna that TPETests compares with: pip install optuna==4.6.0; python record.py
import json, math, random
import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator, _ParzenEstimatorParameters
from optuna.samplers._tpe.sampler import default_gamma, default_weights

draw = random.Random(7)
cases = []


def add(name, distribution, observed, points, prior_weight=1.0, **settings):
    parameters = _ParzenEstimatorParameters(
        prior_weight=prior_weight, consider_magic_clip=True, consider_endpoints=False, weights=default_weights,
        multivariate=False, categorical_distance_func={})
    estimator = _ParzenEstimator({"x": np.array(observed, float)}, {"x": distribution}, parameters)
    densities = [float(value) for value in estimator.log_pdf({"x": np.array(points, float)})]
    cases.append(dict(
        name=name, observed=observed, points=points, prior_weight=prior_weight, log_densities=densities, **settings))


def floats(count, low, high, digits=4):
    values = set()
    while len(values) < count:
        values.add(round(draw.uniform(low, high), digits))
    return draw.sample(sorted(values), count)


for count in (0, 1, 2, 9, 25, 26, 40):
    add(f"floats, {count}", FloatDistribution(-5, 10), floats(count, -5, 10), [-5.0, -1.3, 0.0, 2.5, 7.77, 10.0],
        low=-5, high=10)
add("floats at the ends", FloatDistribution(0, 1), [0.0, 1.0, 0.5, 0.25], [0.0, 0.1, 0.5, 1.0], low=0, high=1)
add("floats, prior of 3", FloatDistribution(0, 1), floats(6, 0, 1), [0.0, 0.1, 0.5, 1.0], prior_weight=3.0, low=0, high=1)
for count in (0, 3, 30):
    add(f"logarithmic, {count}", FloatDistribution(1e-5, 1, log=True),
        [float(f"{10 ** draw.uniform(-5, 0):.4g}") for _ in range(count)], [1e-5, 3e-4, 0.01, 0.5, 1.0],
        low=1e-5, high=1, log=True)
add("steps", FloatDistribution(0, 0.9, step=0.25), [0.25, 0.5, 0.0, 0.75], [0.0, 0.25, 0.5, 0.75], low=0, high=0.9, step=0.25)
for count in (0, 2, 12):
    add(f"integers, {count}", IntDistribution(1, 50), [int(v) for v in floats(count, 1, 50, 0)], [1, 2, 17, 50],
        low=1, high=50, int=True)
add("integers in steps", IntDistribution(16, 130, step=16), [16, 64, 128], [16, 32, 64, 128], low=16, high=130, step=16, int=True)
for count in (0, 4, 14):
    add(f"integers, logarithmic, {count}", IntDistribution(1, 256, log=True), [int(v) for v in floats(count, 1, 256, 0)],
        [1, 2, 30, 256], low=1, high=256, log=True, int=True)
for count in (0, 1, 7, 33):
    add(f"choices, {count}", CategoricalDistribution(["a", "b", "c", "d"]), [draw.randrange(4) for _ in range(count)],
        [0, 1, 2, 3], choices=4)
add("choices, prior of 2", CategoricalDistribution(["a", "b", "c"]), [2, 2, 0, 2], [0, 1, 2], prior_weight=2.0, choices=3)

counts = {count: default_gamma(count) for count in (1, 10, 11, 24, 100, 250, 251, 1000)}
with open("estimators.json", "w") as file:
    json.dump({"source": f"Optuna {optuna.__version__}, Tests/Data/tpe/record.py", "cases": cases,
               "good": [[count, good] for count, good in counts.items()]}, file, separators=(",", ":"))
print(len(cases))
