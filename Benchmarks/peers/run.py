"""The same work in Python peers and in ours, side by side: `make bench-peers`.

Sets up a virtual environment for each family of peers under .build/peers (about 3.5 GB and 10 minutes for all of them), runs every
case in rounds in which the peers and ours take turns, each in a process of its own, and prints a JSON line for each peer and case.
All cases of all peers take about twenty minutes a round; PEERS and CASES choose. Needs Python 3.11 or later.
"""

import argparse
import hashlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parent.parent
BUILT = TREE / ".build" / "release"
ENVIRONMENTS = TREE / ".build" / "peers"
PAGE = TREE / "docs" / "performance.md"
RECORDS = TREE / "peers.jsonl"

# Peer: the environment that it is installed in.
PEERS = {
    "scikit-learn": "scikit-learn", "jax": "jax", "jax-scan": "jax", "torch": "torch", "lightning": "torch",
    "skorch": "torch", "keras-jax": "jax", "keras-torch": "torch", "keras-tensorflow": "tensorflow",
}
WIDE = ["--hidden", "512,512", "--batch", "256"]
# Case: the script, its arguments, threads, what it measures, and the title of the column.
CASES = {
    "start": ("start.py", [], 1, "first_batch", "start to first batch, s"),
    "tiny": ("tiny.py", [], 1, "us_per_batch", "4-8-1, µs/batch"),
    "fashion-1": ("fashion.py", [], 1, "s_per_epoch", "784-128-10, s/epoch"),
    "fashion-2": ("fashion.py", [], 2, "s_per_epoch", "two threads"),
    "wide-1": ("fashion.py", WIDE, 1, "s_per_epoch", "784-512-512-10, s/epoch"),
    "wide-2": ("fashion.py", WIDE, 2, "s_per_epoch", "two threads"),
    "digits": ("digits.py", [], 1, "seconds", "5 folds × 8 settings, s"),
}
# What a peer cannot do.
LEFT_OUT = {("start", "jax-scan"), ("digits", "jax-scan")}


def python(environment):
    """The interpreter of an environment, which is made when it is not there or its requirements have changed."""
    folder = ENVIRONMENTS / environment
    requirements = HERE / "requirements" / f"{environment}.txt"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    stamp = folder / "requirements.sha256"
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"setting up {folder.relative_to(TREE)}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir"]
        subprocess.run(pip + ["-r", str(requirements)], check=True)
        stamp.write_text(wanted)
    return str(folder / "bin" / "python")


def versions(environment):
    listing = subprocess.run(
        [python(environment), "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"],
        capture_output=True, text=True, check=True)
    wanted = {line.split("==")[0] for line in (HERE / "requirements" / f"{environment}.txt").read_text().split()}
    return {row["name"]: row["version"] for row in json.loads(listing.stdout) if row["name"].lower() in wanted}


def run_peer(peer, case):
    script, words, threads, _, _ = CASES[case]
    start = time.monotonic()
    result = subprocess.run(
        [python(PEERS[peer]), str(HERE / script), peer, "--threads", str(threads)] + words, capture_output=True,
        text=True, env={**os.environ, "DIGITS": str(ENVIRONMENTS)})
    lines = [line for line in result.stdout.splitlines() if line.startswith("RESULT ")]
    if not lines:
        raise RuntimeError(f"{peer}, {case}: {result.stderr[-2000:]}")
    values = json.loads(lines[0][7:])
    if "first_batch" in values:
        values["first_batch"] -= start
    return values


def run_ours(case):
    if case == "start":
        return {"first_batch": start_ours()}
    result = subprocess.run(
        [str(BUILT / "trainyard-bench"), "--only", case, "--rounds", "2" if case[-1] in "12" else "1"],
        capture_output=True, text=True, check=True, env={**os.environ, "TRAINYARD_DIGITS": str(ENVIRONMENTS)})
    figures = {figure["name"]: figure for figure in map(json.loads, result.stdout.splitlines())}
    if case == "tiny":
        return {"us_per_batch": figures["tiny"]["value"], "us_per_short_epoch": figures["one-batch-epoch"]["value"]}
    if case == "digits":
        return {"seconds": figures["digits"]["value"]}
    return {"s_per_epoch": figures[case]["parts"]["epoch_s"]}


def start_ours():
    """784-128-10 on made rows, as the peers' side has it."""
    with tempfile.TemporaryDirectory() as folder:
        library = f"{folder}/libbench-meter.so"
        subprocess.run(
            ["cc", "-std=c11", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-DMETER", "-I",
             str(TREE / "Sources/CTrainyard/include"), str(HERE.parent / "Plugins/callbacks.c"), "-o", library],
            check=True)
        pathlib.Path(f"{folder}/start.yaml").write_text(
            "data: {train: {dataset: synthetic, shape: blobs, classes: 10, features: 784, rows: 256}}\n"
            "model: {plugin: mlp, hidden: [128]}\n"
            "train: {epochs: 1, batch_size: 128}\n"
            f"callbacks: [{{plugin: {library}}}]\n")
        start = time.monotonic()
        subprocess.run(
            [str(BUILT / "trainyard"), "run", "start.yaml", "--quiet"], cwd=folder, check=True,
            stdout=subprocess.DEVNULL, env={**os.environ, "TRAINYARD_METER": f"{folder}/meter.json"})
        return json.loads(pathlib.Path(f"{folder}/meter.json").read_text())["first_batch"] / 1e9 - start


def export_digits():
    """scikit-learn's digits as two IDX files, which both sides read."""
    if (ENVIRONMENTS / "labels.idx").exists():
        return
    program = (
        "import struct, sys, numpy\n"
        "from sklearn.datasets import load_digits\n"
        "data = load_digits()\n"
        "images, labels = data.images.astype('uint8'), data.target.astype('uint8')\n"
        "for name, array in (('images', images), ('labels', labels)):\n"
        "    with open(f'{sys.argv[1]}/{name}.idx', 'wb') as file:\n"
        "        file.write(struct.pack('>HBB', 0, 8, array.ndim) + struct.pack(f'>{array.ndim}I', *array.shape))\n"
        "        file.write(array.tobytes())\n")
    subprocess.run([python("scikit-learn"), "-c", program, str(ENVIRONMENTS)], check=True)


def measure(peers, cases, rounds):
    records = []
    for case in cases:
        if case == "digits":
            export_digits()
        names = [peer for peer in peers if (case, peer) not in LEFT_OUT]
        taken = {name: [] for name in names + ["trainyard"]}
        for _ in range(rounds):
            for name in list(taken):
                try:
                    taken[name].append(run_peer(name, case) if name in PEERS else run_ours(case))
                except (RuntimeError, subprocess.CalledProcessError) as error:
                    print(f"{name}, {case}: {error}", file=sys.stderr, flush=True)
        key = CASES[case][3]
        for name, values in taken.items():
            numbers = [value[key] for value in values]
            if not numbers:
                continue
            record = {
                "peer": name, "case": case, "value": statistics.median(numbers), "lowest": min(numbers),
                "highest": max(numbers), "rounds": len(numbers), "threads": CASES[case][2],
                "load": os.getloadavg()[0], "versions": versions(PEERS[name]) if name in PEERS else {}, **{
                    extra: statistics.median(value[extra] for value in values)
                    for extra in values[0] if extra != key},
            }
            print(json.dumps(record), flush=True)
            records.append(record)
    return records


def merged(new):
    """Records by peer and case; those of this run replace the older ones."""
    old = [json.loads(line) for line in RECORDS.read_text().splitlines()] if RECORDS.exists() else []
    kept = {(record["peer"], record["case"]): record for record in old + new}
    RECORDS.write_text("".join(json.dumps(record) + "\n" for record in kept.values()))
    return kept


def fill_page(records):
    columns = [case for case in CASES if any(key[1] == case for key in records)]
    rows = ["trainyard"] + [peer for peer in PEERS if any(key[0] == peer for key in records)]
    lines = ["| | " + " | ".join(CASES[case][4] for case in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name in rows:
        cells = [records.get((name, case)) for case in columns]
        lines.append(f"| {name} | " + " | ".join("–" if cell is None else f"{cell['value']:.4g}" for cell in cells) + " |")
    found = {name: version for record in records.values() for name, version in record["versions"].items()}
    lines += ["", "Versions: " + ", ".join(f"{name} {version}" for name, version in sorted(found.items())) + "."]
    most = max(record["load"] for record in records.values())
    lines += [f"Load of the machine after a case, the case itself included: at most {most:.1f}.", ""]
    text = PAGE.read_text()
    begin, end = "<!-- begin: peers -->\n", "<!-- end: peers -->"
    before, rest = text.split(begin)
    PAGE.write_text(before + begin + "\n" + "\n".join(lines) + end + rest.split(end)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", default="", help="some of: " + " ".join(PEERS))
    parser.add_argument("--cases", default="", help="some of: " + " ".join(CASES))
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    peers, cases = chosen.peers.split() or list(PEERS), chosen.cases.split() or list(CASES)
    for name in peers + cases:
        if name not in PEERS and name not in CASES:
            parser.error(f"'{name}' is no peer and no case")
    for environment in sorted({PEERS[peer] for peer in peers} | ({"scikit-learn"} if "digits" in cases else set())):
        python(environment)
    fill_page(merged(measure(peers, cases, chosen.rounds)))


main()
