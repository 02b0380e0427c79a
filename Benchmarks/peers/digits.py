"""A search with cross-validation: 8 settings (4 learning rates, 2 penalties) of 5 folds on scikit-learn's digits, 64-32-10, relu,
Adam, batches of 32, at most 20 epochs, early stopping on val_loss with patience 3. Seconds for all 40 fits."""

import itertools

import common

chosen = common.arguments(("--jobs", 1))
peer = chosen.peer
SETTINGS = list(itertools.product([3e-4, 1e-3, 3e-3, 1e-2], [0.0, 1e-4]))
ROWS, EPOCHS, PATIENCE = 32, 20, 3
x, y, folds = common.digits()
epochs_run = []


class Stopper:
    """Early stopping for loops written by hand."""

    def __init__(self):
        self.best, self.waited = float("inf"), 0

    def __call__(self, value):
        self.waited = 0 if value < self.best else self.waited + 1
        self.best = min(self.best, value)
        return self.waited >= PATIENCE


def each_fit():
    for (rate, penalty), fold in itertools.product(SETTINGS, range(5)):
        held = folds == fold
        yield rate, penalty, x[~held], y[~held], x[held], y[held]


def with_sklearn():
    from sklearn.model_selection import GridSearchCV, PredefinedSplit
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        (32,), batch_size=ROWS, max_iter=EPOCHS, early_stopping=True, n_iter_no_change=PATIENCE, tol=0, random_state=0)
    grid = {"learning_rate_init": [3e-4, 1e-3, 3e-3, 1e-2], "alpha": [0.0, 1e-4]}
    search = GridSearchCV(model, grid, cv=PredefinedSplit(folds), refit=False, n_jobs=chosen.jobs)
    start = common.clock()
    search.fit(x, y)
    return common.clock() - start


def with_torch():
    import torch

    torch.set_num_threads(chosen.threads)
    entropy = torch.nn.functional.cross_entropy
    start = common.clock()
    for rate, penalty, *parts in each_fit():
        tx, ty, vx, vy = (torch.from_numpy(part) for part in parts)
        net = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
        optimizer, stop = torch.optim.Adam(net.parameters(), rate, weight_decay=penalty), Stopper()
        for epoch in range(EPOCHS):
            order = torch.randperm(len(tx))
            for first in range(0, len(tx), ROWS):
                rows = order[first : first + ROWS]
                optimizer.zero_grad()
                entropy(net(tx[rows]), ty[rows]).backward()
                optimizer.step()
            with torch.no_grad():
                if stop(float(entropy(net(vx), vy))):
                    break
        epochs_run.append(epoch + 1)
    return common.clock() - start


def with_jax():
    import jax
    import jax.numpy as jnp
    import numpy

    def forward(w, rows):
        return jax.nn.relu(rows @ w[0] + w[1]) @ w[2] + w[3]

    def entropy(w, rows, labels):
        return -jnp.take_along_axis(jax.nn.log_softmax(forward(w, rows)), labels[:, None], 1).mean()

    @jax.jit
    def step(w, first, second, count, rows, labels, rate, penalty):
        def loss(w):
            return entropy(w, rows, labels) + penalty * sum((part**2).sum() for part in w[::2])

        gradient = jax.grad(loss)(w)
        first = [0.9 * m + 0.1 * g for m, g in zip(first, gradient)]
        second = [0.999 * v + 0.001 * g * g for v, g in zip(second, gradient)]
        rate = rate * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        return [a - rate * m / (jnp.sqrt(v) + 1e-7) for a, m, v in zip(w, first, second)], first, second

    judge = jax.jit(entropy)
    start = common.clock()
    for rate, penalty, tx, ty, vx, vy in each_fit():
        random, stop = numpy.random.default_rng(0), Stopper()
        w = [jnp.asarray(random.normal(size=size).astype("float32") * scale)
             for size, scale in (((64, 32), 0.14), ((32,), 0), ((32, 10), 0.2), ((10,), 0))]
        first, second, count = [0 * part for part in w], [0 * part for part in w], 0
        for epoch in range(EPOCHS):
            order = random.permutation(len(tx))
            for begin in range(0, len(tx), ROWS):
                rows, count = order[begin : begin + ROWS], count + 1
                w, first, second = step(w, first, second, float(count), tx[rows], ty[rows], rate, penalty)
            if stop(float(judge(w, vx, vy))):
                break
        epochs_run.append(epoch + 1)
    return common.clock() - start


def with_lightning():
    import lightning
    import torch
    from lightning.pytorch.callbacks import EarlyStopping

    torch.set_num_threads(chosen.threads)
    entropy, loader = torch.nn.functional.cross_entropy, torch.utils.data.DataLoader

    class Module(lightning.LightningModule):
        def __init__(self, rate, penalty):
            super().__init__()
            self.net = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
            self.rate, self.penalty = rate, penalty

        def training_step(self, batch, index):
            return entropy(self.net(batch[0]), batch[1])

        def validation_step(self, batch, index):
            self.log("val_loss", entropy(self.net(batch[0]), batch[1]))

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), self.rate, weight_decay=self.penalty)

    start = common.clock()
    for rate, penalty, *parts in each_fit():
        tx, ty, vx, vy = (torch.from_numpy(part) for part in parts)
        dataset = torch.utils.data.TensorDataset
        # A new callback for each fit: this one keeps its best value from fit to fit.
        trainer = lightning.Trainer(
            max_epochs=EPOCHS, accelerator="cpu", logger=False, enable_progress_bar=False, enable_checkpointing=False,
            enable_model_summary=False, num_sanity_val_steps=0,
            callbacks=[EarlyStopping("val_loss", patience=PATIENCE)])
        trainer.fit(
            Module(rate, penalty), loader(dataset(tx, ty), batch_size=ROWS, shuffle=True),
            loader(dataset(vx, vy), batch_size=len(vx)))
        epochs_run.append(trainer.current_epoch)
    return common.clock() - start


def with_skorch():
    import torch
    from skorch import NeuralNetClassifier
    from skorch.callbacks import EarlyStopping
    from skorch.dataset import Dataset
    from skorch.helper import predefined_split

    torch.set_num_threads(chosen.threads)
    start = common.clock()
    for rate, penalty, tx, ty, vx, vy in each_fit():
        net = NeuralNetClassifier(
            torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10)),
            criterion=torch.nn.CrossEntropyLoss, optimizer=torch.optim.Adam, lr=rate, optimizer__weight_decay=penalty,
            max_epochs=EPOCHS, batch_size=ROWS, iterator_train__shuffle=True, verbose=0,
            train_split=predefined_split(Dataset(vx, vy)), callbacks=[EarlyStopping(patience=PATIENCE, threshold=0)])
        net.fit(tx, ty)
        epochs_run.append(len(net.history))
    return common.clock() - start


def with_keras():
    import keras

    stop = keras.callbacks.EarlyStopping("val_loss", patience=PATIENCE)
    start = common.clock()
    for rate, penalty, tx, ty, vx, vy in each_fit():
        keras.backend.clear_session()
        keras.utils.set_random_seed(0)
        regularizer = keras.regularizers.L2(penalty) if penalty else None
        model = keras.Sequential([
            keras.Input((64,)), keras.layers.Dense(32, activation="relu", kernel_regularizer=regularizer),
            keras.layers.Dense(10, kernel_regularizer=regularizer)])
        model.compile(
            keras.optimizers.Adam(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"])
        history = model.fit(
            tx, ty, batch_size=ROWS, epochs=EPOCHS, verbose=0, callbacks=[stop], validation_data=(vx, vy),
            validation_batch_size=len(vx))
        epochs_run.append(len(history.history["loss"]))
    return common.clock() - start


makers = {"torch": with_torch, "jax": with_jax, "scikit-learn": with_sklearn, "lightning": with_lightning,
          "skorch": with_skorch}
seconds = makers.get(peer, with_keras)()
common.report(seconds=seconds, epochs=sum(epochs_run))
