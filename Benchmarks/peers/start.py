"""From the start of a process to its first trained batch: imports, 784-128-10, one step on 128 made rows.

run.py notes when it started this process; the time of the first step is on the same clock."""

import sys
import time

import common

chosen = common.arguments()
peer = chosen.peer
ROWS, INPUTS, UNITS, CLASSES = 128, 784, 128, 10


def done():
    common.report(first_batch=time.monotonic())
    sys.stdout.flush()
    import os

    os._exit(0)


def made():
    import numpy

    random = numpy.random.default_rng(0)
    return random.random((ROWS, INPUTS), dtype="float32"), random.integers(0, CLASSES, ROWS)


if peer == "scikit-learn":
    from sklearn.neural_network import MLPClassifier

    x, y = made()
    MLPClassifier((UNITS,), batch_size=ROWS).partial_fit(x, y, classes=range(CLASSES))
    done()
elif peer == "jax":
    import jax
    import jax.numpy as jnp
    import numpy

    x, y = made()
    random = numpy.random.default_rng(1)
    weights = [
        random.normal(size=(INPUTS, UNITS)).astype("float32") * 0.05,
        numpy.zeros(UNITS, "float32"),
        random.normal(size=(UNITS, CLASSES)).astype("float32") * 0.05,
        numpy.zeros(CLASSES, "float32"),
    ]

    def loss(w, x, y):
        logits = jax.nn.relu(x @ w[0] + w[1]) @ w[2] + w[3]
        return -jax.nn.log_softmax(logits)[jnp.arange(ROWS), y].mean()

    @jax.jit
    def step(w, x, y):
        value, gradient = jax.value_and_grad(loss)(w, x, y)
        return [a - 0.001 * b for a, b in zip(w, gradient)], value

    float(step(weights, x, y)[1])
    done()
elif peer in ("torch", "lightning"):
    import torch

    torch.set_num_threads(chosen.threads)
    x, y = (torch.from_numpy(part) for part in made())
    net = torch.nn.Sequential(torch.nn.Linear(INPUTS, UNITS), torch.nn.ReLU(), torch.nn.Linear(UNITS, CLASSES))
    if peer == "torch":
        optimizer = torch.optim.Adam(net.parameters())
        torch.nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
        done()
    import lightning

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = net

        def training_step(self, batch, index):
            return torch.nn.functional.cross_entropy(self.net(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters())

    class First(lightning.Callback):
        def on_train_batch_end(self, *ignored):
            done()

    rows = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=ROWS)
    lightning.Trainer(
        max_epochs=1, accelerator="cpu", logger=False, enable_progress_bar=False, enable_checkpointing=False,
        enable_model_summary=False, callbacks=[First()],
    ).fit(Module(), rows)
elif peer == "skorch":
    import torch
    from skorch import NeuralNetClassifier

    torch.set_num_threads(chosen.threads)
    x, y = made()
    net = torch.nn.Sequential(torch.nn.Linear(INPUTS, UNITS), torch.nn.ReLU(), torch.nn.Linear(UNITS, CLASSES))
    NeuralNetClassifier(
        net, criterion=torch.nn.CrossEntropyLoss, optimizer=torch.optim.Adam, max_epochs=1, batch_size=ROWS,
        train_split=None, verbose=0,
    ).fit(x, y)
    done()
else:
    import keras

    class First(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            done()

    x, y = made()
    model = keras.Sequential(
        [keras.Input((INPUTS,)), keras.layers.Dense(UNITS, activation="relu"), keras.layers.Dense(CLASSES)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x, y, batch_size=ROWS, epochs=1, verbose=0, callbacks=[First()])
