"""What the host costs over an engine's own loop: the same library, data, parameters, threads and work.

    python cost.py --program .build/release/trainyard [--page docs/performance-engines.md] [--minutes 5.5] [--only xgboost]

Both sides train the same rounds and note the processor time of their process at the end of each: `loops.py`, which is the
engine's own loop in Python, and a run of Trainyard, by a callback (`stamps.c`). Runs alternate until the minutes are used up.
Of each round the least of all runs counts, on either side: what else happens on the machine only ever adds. What the measure
itself is worth is shown by the same figure of the own loop's odd runs beside its even ones.

The boosters have two own loops: one measures the loss by a metric of the engine's, the other by a function of predictions, as it has
to be for what the engine has no metric for. Monitors are given predictions.

With valgrind there is one more figure of the boosters, free of noise: the instructions of a round on both sides, without those
of Python.
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import numpy

from instructions import difference, stripped

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TABLE = """
data:
  train: {{dataset: npz, file: train.npz, features: x, target: y, target_type: category}}
  validation: {{dataset: npz, file: valid.npz, features: x, target: y, target_type: category}}
model: {model}
train: {{epochs: {rounds}, threads: {threads}, seed: 7}}
callbacks: [{{plugin: early-stopping, monitor: val_loss, patience: {rounds}, restore_best_weights: true}}, ./libstamps.so]
output: {{folder: runs}}
"""
IMAGES = """
data: {{train: {{dataset: npz, file: images.npz, features: x, target: y}}}}
model: {model}
train: {{epochs: {rounds}, batch_size: 64, threads: {threads}, seed: 7}}
callbacks: [./libstamps.so]
output: {{folder: runs}}
"""
COUNTED_ROWS = 20000
# How an own loop measures, as the tables say it, and as `loops.py` is told.
METRICS = {"engine": "a metric of the engine's", "own": "a metric of one's own", "loss": "the loss of its steps"}
# Of each engine: its pipeline, its model, how many rounds, how many are counted by callgrind, which takes minutes to open
# libtorch, and its own loops.
ENGINES = {
    "xgboost": (TABLE, "{plugin: xgboost, max_depth: 6, eta: 0.1, seed: 7}", 100, (5, 15), ("engine", "own")),
    "lightgbm": (TABLE, "{plugin: lightgbm, num_leaves: 63, learning_rate: 0.1, seed: 7}", 100, (5, 15), ("engine", "own")),
    "torch": (IMAGES, "{plugin: torch, module: cnn.pt, input_shape: [1, 28, 28], optimizer: adam, learning_rate: 0.001}", 12, None, ("loss",)),
}


def make(folder, rows):
    random = numpy.random.default_rng(3)
    for name, count in [("train", rows), ("valid", rows // 5)]:
        x = random.normal(size=(count, 30)).astype(numpy.float32)
        score = x[:, 0] - 2 * x[:, 1] * x[:, 2] + numpy.sin(2 * x[:, 3]) + x[:, 4:10].sum(1)
        y = (score + random.normal(size=count) > 0).astype(numpy.int32)
        numpy.savez(f"{folder}/{name}.npz", x=x, y=y)
    # Ten shapes under noise; what they are does not matter to the work.
    y = random.integers(0, 10, 3200).astype(numpy.int32)
    x = random.uniform(size=(10, 28, 28))[y] + random.normal(size=(3200, 28, 28))
    numpy.savez(f"{folder}/images.npz", x=x.astype(numpy.float32), y=y)


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.program = str(pathlib.Path(options.program).resolve())
        subprocess.run(["cc", "-std=c11", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-I",
                        str(ROOT / "Sources/CTrainyard/include"), str(HERE / "stamps.c"), "-o", f"{folder}/libstamps.so"], check=True)

    def available(self, engine):
        if not (pathlib.Path(self.program).parent / f"lib{engine}.so").exists():
            return False
        if engine != "torch":
            return True
        made = subprocess.run([self.python(engine), str(ROOT / "examples/engines/torch/make_modules.py"), "cnn"], capture_output=True)
        if made.returncode == 0:
            shutil.copy(ROOT / "examples/engines/torch/cnn.pt", self.folder)
        return made.returncode == 0

    def python(self, engine):
        return self.options.torch_python if engine == "torch" else sys.executable

    def arguments(self, engine, rounds):
        pipeline, model = ENGINES[engine][:2]
        text = pipeline.format(model=model, rounds=rounds, threads=self.options.threads)
        pathlib.Path(self.folder, "p.yaml").write_text(text)
        shutil.rmtree(f"{self.folder}/runs", ignore_errors=True)
        return ["run", "p.yaml", "--quiet", "--name", "r"]

    def own_loop(self, engine, rounds, metric):
        return [self.python(engine), str(HERE / "loops.py"), engine, self.folder, str(rounds), str(self.options.threads), metric]

    def losses(self, engine, side):
        """Trains once; the losses of the last round. Its stamps are in the file."""
        rounds = ENGINES[engine][2]
        environment = {**os.environ, "TRAINYARD_STAMPS": f"{self.folder}/stamps"}
        if side != "host":
            command = self.own_loop(engine, rounds, side)
            # What `train.threads` sets for a run. Torch's own setting does not reach the BLAS library below it.
            environment |= dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"], str(self.options.threads))
        else:
            command = [self.program] + self.arguments(engine, rounds)
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, env=environment)
        if done.returncode != 0:
            sys.exit(f"{command} failed:\n{done.stdout}{done.stderr}")
        if side != "host":
            return json.loads(done.stdout)
        head, *lines = pathlib.Path(self.folder, "runs/r/metrics.csv").read_text().split("\n")
        return dict(zip(head.split(","), lines[rounds - 1].split(",")))

    def rounds(self, engine, side):
        """Processor and wall seconds of each round but the first, which has other work in it."""
        found = self.losses(engine, side)
        stamps = numpy.loadtxt(f"{self.folder}/stamps")
        return numpy.diff(stamps, axis=0), found


def same(engine, own, host):
    """Both sides have done the same work."""
    for name, value in own.items():
        # Torch's batches are drawn otherwise on each side.
        bound = 0.1 if engine == "torch" else 1e-5
        if not abs(float(host[name]) - value) < bound:
            sys.exit(f"{engine}: '{name}' is {host[name]} in Trainyard, and {value} in its own loop")


def least(runs):
    return numpy.min(runs, axis=0).sum(axis=0)


def figures(own, host):
    """Of one engine and one of its own loops: what the tables say."""
    own, host = numpy.array(own), numpy.array(host)
    a, b = least(own), least(host)
    middle = [statistics.median(side.sum(axis=1)[:, 0]) for side in (own, host)]
    odd, even = least(own[::2])[0], least(own[1::2])[0]
    rounds = own.shape[1]
    return {"runs": len(own), "own": a[0] / rounds * 1e3, "host": b[0] / rounds * 1e3, "processor": b[0] / a[0] - 1,
            "wall": b[1] / a[1] - 1, "median": middle[1] / middle[0] - 1, "itself": odd / even - 1}


def percent(value):
    return f"{100 * value:+.1f} %"


def write(page, part, text):
    path = pathlib.Path(page)
    old = path.read_text()
    begin, end = f"<!-- begin: {part} -->\n", f"<!-- end: {part} -->"
    if begin not in old or end not in old:
        sys.exit(f"{page} has no markers for '{part}'")
    path.write_text(old[: old.index(begin) + len(begin)] + text + old[old.index(end):])


def measure(bench, engines):
    make(bench.folder, bench.options.rows)
    runs = {engine: {side: [] for side in (*ENGINES[engine][4], "host")} for engine in engines}
    start, number = time.monotonic(), 0
    # As long as one more time of all fits in, and four times at least.
    while number < 4 or (time.monotonic() - start) * (number + 1) / number < bench.options.minutes * 60:
        for engine in engines:
            found = {}
            sides = list(runs[engine])
            for side in sides if number % 2 == 0 else reversed(sides):
                taken, found[side] = bench.rounds(engine, side)
                runs[engine][side].append(taken)
            for side in ENGINES[engine][4]:
                same(engine, found[side], found["host"])
        number += 1
    lines = []
    for engine in engines:
        for side in ENGINES[engine][4]:
            found = figures(runs[engine][side], runs[engine]["host"])
            lines.append(f"| {engine} | {METRICS[side]} | {found['own']:.2f} | {found['host']:.2f} | **{percent(found['processor'])}** | "
                         f"{percent(found['wall'])} | {percent(found['median'])} | {percent(found['itself'])} | {found['runs']} |")
            print(lines[-1], flush=True)
    threads = bench.options.threads
    return (f"{platform.machine()}, {os.cpu_count()} cores, {threads} thread{'s' if threads > 1 else ''}; load "
            f"{os.getloadavg()[0]:.1f} at the end.\n\n"
            "| engine | its own loop measures | own loop, ms a round | in Trainyard | the host costs, processor time | wall time "
            "| median of whole runs | own loop: odd runs over even ones | runs of each |\n|---|---|---|---|---|---|---|---|---|\n" + "\n".join(lines) + "\n")


def count(bench, engines):
    make(bench.folder, COUNTED_ROWS)
    lines = []
    for engine in engines:
        if ENGINES[engine][3] is None:
            continue
        few, many = ENGINES[engine][3]
        plugins = [engine, "npz", "early-stopping"]
        program = stripped(bench.program, plugins, bench.folder)
        ours = difference(lambda rounds: [program] + bench.arguments(engine, rounds), bench.folder, few, many)
        for metric in ENGINES[engine][4]:
            own = difference(lambda rounds: bench.own_loop(engine, rounds, metric), bench.folder, few, many)
            # What Python itself takes is left out: a loop in C would not have it.
            bare = own["engine"] + own["system"]
            millions = [f"{side[owner] / 1e6:.2f}" for side in (own, ours) for owner in ("engine", "system", "rest")]
            lines.append(f"| {engine} | {METRICS[metric]} | {' | '.join(millions)} | **{percent(sum(ours.values()) / bare - 1)}** |")
            print(lines[-1], flush=True)
    return ("| engine | its own loop measures | own loop: engine | libc, libm | Python | in Trainyard: engine | libc, libm "
            "| host and plugins | the host costs |\n|---|---|---|---|---|---|---|---|---|\n" + "\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / ".build/release/trainyard"))
    parser.add_argument("--page", help="the page whose tables are filled in")
    parser.add_argument("--only", choices=list(ENGINES), help="one engine")
    parser.add_argument("--rows", type=int, default=100000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=5.5)
    parser.add_argument("--torch-python", default=os.environ.get("TORCH_PYTHON", "/usr/bin/python3"))
    parser.add_argument("--no-instructions", action="store_true")
    parser.add_argument("--no-times", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, folder)
        engines = [name for name in ENGINES if options.only in (None, name) and bench.available(name)]
        tables = {}
        if not options.no_instructions and shutil.which("valgrind"):
            tables["instructions"] = count(bench, engines)
        if not options.no_times:
            tables["times"] = measure(bench, engines)
    for part, text in tables.items():
        if options.page:
            write(options.page, part, text)


if __name__ == "__main__":
    main()
