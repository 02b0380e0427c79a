"""Modules for the tests, into the folder that is given: one of each kind that makes a difference."""

import math
import pathlib
import sys

import torch
from torch import nn

folder = pathlib.Path(sys.argv[1])


def save(name: str, module: nn.Module) -> None:
    torch.jit.script(module).save(str(folder / f"{name}.pt"))


class Perceptron(nn.Module):
    """Dropout, batch norm, and weights that it can draw itself."""

    def __init__(self, features: int, outputs: int, dropout: float = 0.0, norm: bool = False) -> None:
        super().__init__()
        self.first = nn.Linear(features, 16)
        self.norm = nn.BatchNorm1d(16) if norm else nn.Identity()
        self.dropout = nn.Dropout(dropout)
        self.last = nn.Linear(16, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.dropout(torch.relu(self.norm(self.first(x)))))

    @torch.jit.export
    def reset_parameters(self) -> None:
        with torch.no_grad():
            for layer in (self.first, self.last):
                bound = 1.0 / math.sqrt(float(layer.weight.size(1)))
                layer.weight.uniform_(-bound, bound)
                layer.bias.uniform_(-bound, bound)


class OwnLoss(Perceptron):
    """A loss of its own for each row, which is what mse would be."""

    @torch.jit.export
    def loss(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return (output.reshape(target.shape) - target) ** 2


class TwoInputs(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 1)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return self.layer(x + y)


torch.manual_seed(11)
save("check", Perceptron(4, 1, dropout=0.2, norm=True))
save("binary", Perceptron(2, 1))
save("dropout", Perceptron(2, 1, dropout=0.3, norm=True))
save("classes", Perceptron(4, 3))
save("regression", Perceptron(4, 1))
save("own-loss", OwnLoss(4, 1))
save("plain", nn.Linear(4, 1))
save("two-inputs", TwoInputs())
save("half", Perceptron(2, 1).half())
torch.jit.save(torch.jit.freeze(torch.jit.script(Perceptron(2, 1)).eval()), str(folder / "frozen.pt"))
torch.save(Perceptron(2, 1).state_dict(), str(folder / "state-dict.pt"))
(folder / "text.pt").write_text("This is no module.\n")

# Data of four columns: a number to learn, with weights, and one of three classes.
numbers = torch.randn(120, 4)
answer = numbers @ torch.tensor([1.0, -2.0, 0.5, 0.0]) + 0.1 * torch.randn(120)
weight = torch.randint(1, 5, (120,)) / 2
classes = (answer > -0.7).long() + (answer > 0.7).long()


def table(name: str, header: str, *columns: torch.Tensor) -> None:
    rows = torch.cat([numbers] + [column.float().reshape(-1, 1) for column in columns], 1)
    lines = [",".join(f"{value:.6g}" for value in row) for row in rows.tolist()]
    (folder / name).write_text("\n".join([header] + lines) + "\n")


table("data.csv", "a,b,c,d,y", answer)
table("weighted.csv", "a,b,c,d,y,w", answer, weight)
table("classes.csv", "a,b,c,d,y", classes)
