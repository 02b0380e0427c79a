"""What all cases share. Import it before any framework: it fixes the number of threads."""

import argparse
import gzip
import json
import os
import statistics
import struct
import time

clock = time.perf_counter


def arguments(*extra):
    """The peer and the threads of this process; the threads are set for every runtime that listens."""
    parser = argparse.ArgumentParser()
    parser.add_argument("peer")
    parser.add_argument("--threads", type=int, default=1)
    for name, default in extra:
        parser.add_argument(name, default=default, type=type(default))
    chosen = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, set(cores[-chosen.threads :]))
    for name in ("OMP", "OPENBLAS", "MKL", "TF_INTRAOP", "TF_NUM_INTRAOP", "TF_NUM_INTEROP"):
        os.environ[name + "_NUM_THREADS" if not name.startswith("TF_NUM") else name + "_THREADS"] = str(chosen.threads)
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["PYTHONWARNINGS"] = "ignore"
    if chosen.peer.startswith("keras-"):
        os.environ["KERAS_BACKEND"] = chosen.peer.split("-")[1]
    if chosen.peer == "lightning":
        import logging
        import warnings

        warnings.filterwarnings("ignore")
        for name in ("lightning", "lightning.pytorch", "lightning.fabric", "lightning.pytorch.utilities.rank_zero"):
            logging.getLogger(name).setLevel(logging.ERROR)
    return chosen


def report(**values):
    """The one line that run.py reads."""
    print("RESULT " + json.dumps(values), flush=True)


def median(values):
    return statistics.median(values)


def read_idx(path):
    import numpy

    opened = gzip.open(path) if path.endswith(".gz") else open(path, "rb")
    with opened as file:
        data = file.read()
    sizes = struct.unpack(f">{data[3]}I", data[4 : 4 + 4 * data[3]])
    return numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * data[3]).reshape(sizes)


def fashion_mnist():
    """Training images and labels, test images and labels; images are float32 rows from 0 to 1."""
    folder = os.environ.get("FASHION_MNIST", "/usr/share/datasets/fashion-mnist")
    parts = []
    for part in ("train", "t10k"):
        images = read_idx(f"{folder}/{part}-images-idx3-ubyte.gz")
        parts.append(images.reshape(len(images), -1).astype("float32") / 255)
        parts.append(read_idx(f"{folder}/{part}-labels-idx1-ubyte.gz").astype("int64"))
    return parts


def digits():
    """Rows, labels and a stratified fold number for each row, from the files that run.py wrote."""
    import numpy

    folder = os.environ["DIGITS"]
    images = read_idx(f"{folder}/images.idx").reshape(-1, 64).astype("float32") / 16
    labels = read_idx(f"{folder}/labels.idx").astype("int64")
    folds = numpy.zeros(len(labels), int)
    for label in range(10):
        rows = numpy.flatnonzero(labels == label)
        folds[rows] = numpy.arange(len(rows)) % 5
    return images, labels, folds
