"""Makes the sample modules: any that torch.jit.script takes will do.

    python3 make_modules.py            # tabular.pt and cnn.pt, beside this file
    python3 make_modules.py tabular    # one of them

The plugin takes a batch of rows as one tensor, and the module's answer for each: logits, or numbers.
"""

import math
import pathlib
import sys

import torch
from torch import nn


class Tabular(nn.Module):
    """Numbers in columns, such as the points of moons: a multilayer perceptron with dropout."""

    def __init__(self, features: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Linear(features, 32)
        self.second = nn.Linear(32, 32)
        self.last = nn.Linear(32, outputs)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.dropout(torch.relu(self.first(x)))
        return self.last(torch.relu(self.second(x)))

    # With initialize: reset_parameters each run begins with weights of its own seed.
    @torch.jit.export
    def reset_parameters(self) -> None:
        with torch.no_grad():
            for layer in (self.first, self.second, self.last):
                bound = 1.0 / math.sqrt(float(layer.weight.size(1)))
                layer.weight.uniform_(-bound, bound)
                layer.bias.uniform_(-bound, bound)


class ConvolutionalNetwork(nn.Module):
    """Images of Fashion-MNIST, which the data has as [28, 28]: two convolutions with batch norm."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2))
        self.classifier = nn.Linear(16 * 7 * 7, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(x).flatten(1))


MODULES = {"tabular": lambda: Tabular(2, 1), "cnn": ConvolutionalNetwork}


def main() -> None:
    folder = pathlib.Path(__file__).parent
    for name in sys.argv[1:] or MODULES:
        # The weights in the file are those that a run begins with.
        torch.manual_seed(7)
        path = folder / f"{name}.pt"
        torch.jit.script(MODULES[name]()).save(str(path))
        print(f"{path}: {path.stat().st_size} bytes")


main()
