"""What the host costs over torch's own loop: the same module, batches and optimizer, by trainyard and by Python.

    python3 make_modules.py cnn && python3 cost.py --program ../../../.build/release/trainyard

Both train the CNN on the first rows of Fashion-MNIST, on one thread. Start and reading of files are taken out: what counts is
the difference between a longer and a shorter training. Rounds alternate, and the smallest of each counts. Processor time is
what a busy machine disturbs least; wall time stands beside it.
"""

import argparse
import gzip
import pathlib
import resource
import struct
import subprocess
import sys
import tempfile
import time

FOLDER = pathlib.Path("/usr/share/datasets/fashion-mnist")
PIPELINE = """\
data: {{train: {{dataset: idx, images: images.gz, labels: labels.gz}}, scale: 255}}
model: {{plugin: torch, module: {module}, input_shape: [1, 28, 28], optimizer: adam, learning_rate: 0.001}}
train: {{epochs: {epochs}, batch_size: {batch}, seed: 7, threads: 1}}
output: {{folder: runs}}
"""


def loop(module: str, epochs: int, batch: int) -> None:
    """Torch's own loop, as its tutorials write it."""
    import numpy
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(7)
    with gzip.open("images.gz") as file:
        images = torch.from_numpy(numpy.frombuffer(file.read()[16:], numpy.uint8).astype(numpy.float32) / 255)
    with gzip.open("labels.gz") as file:
        labels = torch.from_numpy(numpy.frombuffer(file.read()[8:], numpy.uint8).astype(numpy.int64))
    images = images.reshape(-1, 1, 28, 28)
    model = torch.jit.load(module)
    optimizer = torch.optim.Adam(model.parameters(), 0.001)
    # As the host runs it: the same kernels each time.
    with torch.jit.optimized_execution(False):
        for _ in range(epochs):
            model.train()
            total = 0.0
            for rows in torch.randperm(len(labels)).split(batch):
                optimizer.zero_grad(set_to_none=True)
                loss = torch.nn.functional.cross_entropy(model(images[rows]), labels[rows])
                loss.backward()
                optimizer.step()
                total += loss.item() * len(rows)


def first_rows(folder: pathlib.Path, rows: int) -> None:
    for name, source, header, size in (
        ("images.gz", "train-images-idx3-ubyte.gz", 16, 784), ("labels.gz", "train-labels-idx1-ubyte.gz", 8, 1),
    ):
        with gzip.open(FOLDER / source) as file:
            data = file.read(header + rows * size)
        (folder / name).write_bytes(gzip.compress(data[:4] + struct.pack(">I", rows) + data[8:], 1))


def measured(command: list, folder: pathlib.Path) -> tuple:
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{command} failed:\n{done.stdout}{done.stderr}")
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="trainyard")
    parser.add_argument("--module", default=str(pathlib.Path(__file__).parent / "cnn.pt"))
    parser.add_argument("--rows", type=int, default=6400)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=3, help="of the longer training; the shorter has one")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--loop", type=int, help="run torch's own loop for so many epochs, here")
    options = parser.parse_args()
    module = str(pathlib.Path(options.module).resolve())
    if options.loop:
        return loop(module, options.loop, options.batch)
    program = str(pathlib.Path(options.program).resolve()) if "/" in options.program else options.program
    best: dict = {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        first_rows(folder, options.rows)
        for _ in range(options.rounds):
            for epochs in (1, options.epochs):
                text = PIPELINE.format(module=module, epochs=epochs, batch=options.batch)
                (folder / "p.yaml").write_text(text)
                commands = {
                    "trainyard": [program, "run", "p.yaml", "--quiet"],
                    "torch": [sys.executable, __file__, "--module", module, "--batch", str(options.batch), "--loop", str(epochs)],
                }
                for who, command in commands.items():
                    processor, wall = measured(command, folder)
                    old = best.get((who, epochs), (processor, wall))
                    best[who, epochs] = (min(old[0], processor), min(old[1], wall))
    batches = (options.epochs - 1) * -(-options.rows // options.batch)
    cost = {}
    for who in ("torch", "trainyard"):
        cost[who] = [(a - b) / batches * 1e6 for a, b in zip(best[who, options.epochs], best[who, 1])]
        print(f"{who:10} {cost[who][0]:9.0f} µs of processor time a batch, {cost[who][1]:9.0f} µs of wall time")
    print(f"the host costs {100 * (cost['trainyard'][0] / cost['torch'][0] - 1):+.1f} % over torch's own loop")


main()
