"""Trains what a run has trained, by a loop in Python, and compares weights, losses and predictions.

    python3 parity.py RUN OPTIMIZER PREDICTIONS

RUN is a run's folder, with module.pt of torch-export in it; OPTIMIZER the expression that makes the optimizer from
`module`; PREDICTIONS what `trainyard predict` gave for data.csv. Prints the largest differences; fails above 1e-5.
"""

import csv
import json
import pathlib
import struct
import sys

import numpy
import torch

run, optimizer_text, predictions = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
config = json.loads((run / "config.json").read_text())
options, train = config["model"], config["train"]
table = numpy.loadtxt("data.csv", delimiter=",", skiprows=1)
features = torch.tensor(table[:, :4], dtype=torch.float32)
target = torch.tensor(table[:, 4])
weight = torch.tensor(table[:, 5], dtype=torch.float32) if table.shape[1] > 5 else None


def safetensors(path: pathlib.Path) -> dict:
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    kinds = {"F32": numpy.float32, "F64": numpy.float64, "I64": numpy.int64, "I32": numpy.int32, "U8": numpy.uint8}
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name == "__metadata__":
            continue
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        values = numpy.frombuffer(data[start:end], dtype=kinds[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = torch.from_numpy(values.copy())
    return tensors


def loss_of(output: torch.Tensor, rows: slice) -> torch.Tensor:
    functional = torch.nn.functional
    if output.shape[1] > 1:
        losses = functional.cross_entropy(output, target[rows].long(), reduction="none")
    else:
        losses = functional.mse_loss(output[:, 0], target[rows].float(), reduction="none")
    if weight is None:
        return losses.mean()
    return (losses * weight[rows]).sum() / weight[rows].sum()


torch.set_num_threads(1)
module = torch.jit.load(options["module"])
optimizer = eval(optimizer_text)
size, group = train["batch_size"], options.get("accumulate_grad_batches", 1)
losses = []
for _ in range(train["epochs"]):
    module.train()
    total, count = 0.0, 0.0
    starts = list(range(0, len(features), size))
    for first in range(0, len(starts), group):
        batches = [slice(start, start + size) for start in starts[first : first + group]]
        whole = float(sum(len(features[rows]) for rows in batches))

        def closure() -> torch.Tensor:
            optimizer.zero_grad(set_to_none=True)
            mean = torch.zeros(())
            for rows in batches:
                loss = loss_of(module(features[rows]), rows)
                (loss * (len(features[rows]) / whole)).backward()
                mean = mean + loss.detach() * (len(features[rows]) / whole)
                seen.append((loss.item(), float(len(features[rows]) if weight is None else weight[rows].sum())))
            if options.get("clip_norm"):
                torch.nn.utils.clip_grad_norm_(module.parameters(), options["clip_norm"])
            return mean

        seen: list = []
        optimizer.step(closure)
        for loss, share in seen[: len(batches)]:
            total, count = total + loss * share, count + share
    losses.append(total / count)

found = [float(row["loss"]) for row in csv.DictReader((run / "metrics.csv").open())]
differences = {"loss": max(abs(a - b) for a, b in zip(losses, found, strict=True))}
saved = safetensors(run / "model" / "weights.safetensors")
own = module.state_dict()
assert saved.keys() == own.keys(), (saved.keys(), own.keys())
differences["weights"] = max((saved[name].double() - own[name].double()).abs().max().item() for name in own)
module.load_state_dict(saved)

exported = torch.jit.load(str(run / "module.pt"))
assert not exported.training
with torch.no_grad():
    answer = exported(features)
    module.eval()
    differences["safetensors"] = (module(features) - answer).abs().max().item()
if answer.shape[1] > 1:
    answer = answer.softmax(1)
rows = list(csv.DictReader(open(predictions)))
columns = [name for name in rows[0] if name.startswith("probability") or name in ("prediction", "value", "y")]
given = torch.tensor([[float(row[name]) for name in columns[: answer.shape[1]]] for row in rows])
differences["predictions"] = (given - answer).abs().max().item()
print(differences)
wrong = {name: value for name, value in differences.items() if not value < 1e-5}
sys.exit(f"not equal: {wrong}" if wrong else 0)
