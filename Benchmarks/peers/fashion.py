"""Fashion-MNIST, relu, softmax cross-entropy, Adam 0.001, shuffled, validation on the 10,000 test images after each epoch:
seconds an epoch (the median without the first) and the accuracy at the end."""

import os
import tempfile

import common

chosen = common.arguments(("--hidden", "128"), ("--batch", 128), ("--epochs", 5))
peer, BATCH, EPOCHS = chosen.peer, chosen.batch, chosen.epochs
HIDDEN = [int(width) for width in chosen.hidden.split(",")]
SIZES = [784] + HIDDEN + [10]
x, y, vx, vy = common.fashion_mnist()
marks, accuracies = [], []


def mark():
    marks.append(common.clock())


def with_sklearn():
    import numpy
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(tuple(HIDDEN), batch_size=BATCH, alpha=0, random_state=0)
    for _ in range(EPOCHS):
        mark()
        order = numpy.random.permutation(len(x))
        model.partial_fit(x[order], y[order], classes=range(10))
        accuracies.append(model.score(vx, vy))
    mark()


def torch_net(torch):
    torch.manual_seed(0)
    torch.set_num_threads(chosen.threads)
    layers = []
    for inputs, outputs in zip(SIZES, SIZES[1:]):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def with_torch():
    import torch

    net = torch_net(torch)
    optimizer = torch.optim.Adam(net.parameters())
    tx, ty, tvx, tvy = (torch.from_numpy(part) for part in (x, y, vx, vy))
    entropy = torch.nn.functional.cross_entropy
    for _ in range(EPOCHS):
        mark()
        order = torch.randperm(len(tx))
        for start in range(0, len(tx), BATCH):
            rows = order[start : start + BATCH]
            optimizer.zero_grad()
            entropy(net(tx[rows]), ty[rows]).backward()
            optimizer.step()
        with torch.no_grad():
            right = sum(
                int((net(tvx[start : start + 1000]).argmax(1) == tvy[start : start + 1000]).sum())
                for start in range(0, len(tvx), 1000))
        accuracies.append(right / len(tvx))
    mark()


def with_lightning():
    import lightning
    import torch
    from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
    from lightning.pytorch.loggers import CSVLogger

    net, entropy = torch_net(torch), torch.nn.functional.cross_entropy

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = net

        def training_step(self, batch, index):
            return entropy(self.net(batch[0]), batch[1])

        def validation_step(self, batch, index):
            logits = self.net(batch[0])
            self.log("val_loss", entropy(logits, batch[1]))
            self.log("val_accuracy", (logits.argmax(1) == batch[1]).float().mean())

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters())

    class Marks(lightning.Callback):
        def on_train_epoch_start(self, trainer, module):
            mark()

        def on_validation_epoch_end(self, trainer, module):
            accuracies.append(float(trainer.callback_metrics["val_accuracy"]))

        def on_fit_end(self, trainer, module):
            mark()

    loader, dataset = torch.utils.data.DataLoader, torch.utils.data.TensorDataset
    folder = tempfile.mkdtemp()
    lightning.Trainer(
        max_epochs=EPOCHS, accelerator="cpu", logger=CSVLogger(folder), enable_progress_bar=False,
        enable_model_summary=False, num_sanity_val_steps=0, default_root_dir=folder,
        callbacks=[Marks(), EarlyStopping("val_loss", patience=3), ModelCheckpoint(folder, monitor="val_loss")],
    ).fit(
        Module(),
        loader(dataset(torch.from_numpy(x), torch.from_numpy(y)), batch_size=BATCH, shuffle=True),
        loader(dataset(torch.from_numpy(vx), torch.from_numpy(vy)), batch_size=1000),
    )


def with_skorch():
    import torch
    from skorch import NeuralNetClassifier
    from skorch.callbacks import Callback, Checkpoint, EarlyStopping
    from skorch.dataset import Dataset
    from skorch.helper import predefined_split

    class Marks(Callback):
        def on_epoch_begin(self, net, **ignored):
            mark()

        def on_train_end(self, net, **ignored):
            mark()
            accuracies.extend(net.history[:, "valid_acc"])

    NeuralNetClassifier(
        torch_net(torch), criterion=torch.nn.CrossEntropyLoss, optimizer=torch.optim.Adam, lr=0.001,
        max_epochs=EPOCHS, batch_size=BATCH, iterator_train__shuffle=True, iterator_valid__batch_size=1000, verbose=0,
        train_split=predefined_split(Dataset(vx, vy)),
        callbacks=[("marks", Marks()), ("stop", EarlyStopping(patience=3)),
                   ("save", Checkpoint(dirname=tempfile.mkdtemp()))],
    ).fit(x, y)


def with_jax():
    import jax
    import jax.numpy as jnp
    import numpy

    random = numpy.random.default_rng(0)
    weights = []
    for inputs, outputs in zip(SIZES, SIZES[1:]):
        limit = (6 / (inputs + outputs)) ** 0.5
        weights.append(jnp.asarray(random.uniform(-limit, limit, (inputs, outputs)).astype("float32")))
        weights.append(jnp.zeros(outputs))

    def forward(w, rows):
        for layer in range(len(HIDDEN)):
            rows = jax.nn.relu(rows @ w[2 * layer] + w[2 * layer + 1])
        return rows @ w[-2] + w[-1]

    def loss(w, rows, labels):
        return -jnp.take_along_axis(jax.nn.log_softmax(forward(w, rows)), labels[:, None], 1).mean()

    def update(state, rows, labels):
        w, first, second, step = state
        step = step + 1
        value, gradient = jax.value_and_grad(loss)(w, rows, labels)
        first = [0.9 * m + 0.1 * g for m, g in zip(first, gradient)]
        second = [0.999 * v + 0.001 * g * g for v, g in zip(second, gradient)]
        rate = 0.001 * jnp.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        w = [a - rate * m / (jnp.sqrt(v) + 1e-7) for a, m, v in zip(w, first, second)]
        return (w, first, second, step), value

    step = jax.jit(update, donate_argnums=0)
    count = len(x) // BATCH

    @jax.jit
    def epoch(state, order):
        def one(state, rows):
            return update(state, jx[rows], jy[rows])

        return jax.lax.scan(one, state, order[: count * BATCH].reshape(count, BATCH))

    jx, jy = jnp.asarray(x), jnp.asarray(y)
    score = jax.jit(lambda w, rows, labels: (forward(w, rows).argmax(1) == labels).mean())
    zeros = [jnp.zeros_like(w) for w in weights]
    state = (weights, zeros, [jnp.zeros_like(w) for w in weights], jnp.float32(0))
    for _ in range(EPOCHS):
        mark()
        order = random.permutation(len(x))
        if peer == "jax-scan":
            state, _ = epoch(state, order)
            rest = order[count * BATCH :]
            if len(rest):
                state, _ = step(state, x[rest], y[rest])
        else:
            for start in range(0, len(x), BATCH):
                rows = order[start : start + BATCH]
                state, _ = step(state, x[rows], y[rows])
        accuracies.append(float(score(state[0], vx, vy)))
    mark()


def with_keras():
    import keras

    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((784,))] + [keras.layers.Dense(width, activation="relu") for width in HIDDEN]
        + [keras.layers.Dense(10)])
    model.compile(
        keras.optimizers.Adam(0.001), keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"])

    class Marks(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            mark()

        def on_train_end(self, logs=None):
            mark()

    folder = tempfile.mkdtemp()
    history = model.fit(
        x, y, batch_size=BATCH, epochs=EPOCHS, verbose=0, validation_data=(vx, vy), validation_batch_size=1000,
        callbacks=[
            Marks(), keras.callbacks.EarlyStopping("val_loss", patience=3),
            keras.callbacks.CSVLogger(os.path.join(folder, "log.csv")),
            keras.callbacks.ModelCheckpoint(
                os.path.join(folder, "best.keras"), monitor="val_loss", save_best_only=True),
        ])
    accuracies.extend(history.history["val_accuracy"])


makers = {"torch": with_torch, "jax": with_jax, "jax-scan": with_jax, "scikit-learn": with_sklearn,
          "lightning": with_lightning, "skorch": with_skorch}
makers.get(peer, with_keras)()
seconds = [b - a for a, b in zip(marks, marks[1:])]
common.report(s_per_epoch=common.median(seconds[1:] or seconds), first_epoch_s=seconds[0], val_accuracy=accuracies[-1])
