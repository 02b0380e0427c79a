"""4-8-1, batches of 32, squared error, plain SGD: microseconds a batch, and of an epoch of one batch.

Callbacks are no-ops that have both batch hooks: one in the long epochs, five in the short ones."""

import common

chosen = common.arguments(("--batches", 5000), ("--epochs", 3), ("--short", 100))
peer, ROWS = chosen.peer, 32


def data(batches):
    import numpy

    x = numpy.random.default_rng(0).random((ROWS * batches, 4), dtype="float32")
    return x, (x.sum(axis=1, keepdims=True) > 2).astype("float32")


class Noop:
    def begin(self, batch):
        pass

    def end(self, batch, loss):
        pass


def with_torch():
    import torch

    torch.set_num_threads(chosen.threads)
    net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
    optimizer = torch.optim.SGD(net.parameters(), 0.01)

    def run(batches, epochs, callbacks):
        x, y = (torch.from_numpy(part) for part in data(batches))
        hooks = [Noop() for _ in range(callbacks)]
        start = common.clock()
        for _ in range(epochs):
            order = torch.randperm(len(x))
            for batch in range(batches):
                rows = order[batch * ROWS : (batch + 1) * ROWS]
                for hook in hooks:
                    hook.begin(batch)
                optimizer.zero_grad()
                loss = torch.nn.functional.mse_loss(net(x[rows]), y[rows])
                loss.backward()
                optimizer.step()
                for hook in hooks:
                    hook.end(batch, loss)
        return (common.clock() - start) / epochs

    return run


def with_jax():
    import jax
    import jax.numpy as jnp
    import numpy

    random = numpy.random.default_rng(1)

    def weights():
        return [jnp.asarray(random.normal(size=size).astype("float32")) for size in ((4, 8), (8,), (8, 1), (1,))]

    def loss(w, x, y):
        return ((jax.nn.relu(x @ w[0] + w[1]) @ w[2] + w[3] - y) ** 2).mean()

    def update(w, x, y):
        value, gradient = jax.value_and_grad(loss)(w, x, y)
        return [a - 0.01 * b for a, b in zip(w, gradient)], value

    step = jax.jit(update, donate_argnums=0)
    scan = jax.jit(lambda w, xs, ys: jax.lax.scan(lambda v, row: update(v, *row), w, (xs, ys)), donate_argnums=0)

    def run(batches, epochs, callbacks):
        x, y = data(batches)
        hooks, w = [Noop() for _ in range(callbacks)], weights()
        if peer == "jax-scan":
            xs, ys = jnp.asarray(x.reshape(batches, ROWS, 4)), jnp.asarray(y.reshape(batches, ROWS, 1))
            jax.block_until_ready(scan(weights(), xs, ys))
            start = common.clock()
            for _ in range(epochs):
                w, values = scan(w, xs, ys)
            jax.block_until_ready(values)
            return (common.clock() - start) / epochs
        w, _ = step(w, x[:ROWS], y[:ROWS])
        start = common.clock()
        for _ in range(epochs):
            for batch in range(batches):
                rows = slice(batch * ROWS, (batch + 1) * ROWS)
                for hook in hooks:
                    hook.begin(batch)
                w, value = step(w, x[rows], y[rows])
                for hook in hooks:
                    hook.end(batch, value)
        jax.block_until_ready(w)
        return (common.clock() - start) / epochs

    return run


def with_sklearn():
    from sklearn.neural_network import MLPRegressor

    def run(batches, epochs, callbacks):
        x, y = data(batches)
        model = MLPRegressor(
            hidden_layer_sizes=(8,), solver="sgd", learning_rate_init=0.01, alpha=0, batch_size=ROWS, momentum=0)
        model.partial_fit(x[:ROWS], y[:ROWS, 0])
        start = common.clock()
        for _ in range(epochs):
            model.partial_fit(x, y[:, 0])
        return (common.clock() - start) / epochs

    return run


def with_keras():
    import keras

    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.01), "mse")

    class Both(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            pass

        def on_train_batch_end(self, batch, logs=None):
            pass

    class Timer(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.start = self.start if epoch else common.clock()

        def on_epoch_end(self, epoch, logs=None):
            self.end = common.clock()

    def run(batches, epochs, callbacks):
        timer = Timer()
        timer.start = 0
        model.fit(
            *data(batches), batch_size=ROWS, epochs=epochs, verbose=0,
            callbacks=[Both() for _ in range(callbacks)] + [timer])
        return (timer.end - timer.start) / epochs

    return run


def with_lightning():
    import lightning
    import torch

    torch.set_num_threads(chosen.threads)

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))

        def training_step(self, batch, index):
            return torch.nn.functional.mse_loss(self.net(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.01)

    class Both(lightning.Callback):
        def on_train_batch_start(self, trainer, module, batch, index):
            pass

        def on_train_batch_end(self, trainer, module, outputs, batch, index):
            pass

    class Timer(lightning.Callback):
        def on_train_epoch_start(self, trainer, module):
            self.start = self.start if trainer.current_epoch else common.clock()

        def on_train_epoch_end(self, trainer, module):
            self.end = common.clock()

    def run(batches, epochs, callbacks):
        rows = torch.utils.data.TensorDataset(*(torch.from_numpy(part) for part in data(batches)))
        timer = Timer()
        timer.start = 0
        lightning.Trainer(
            max_epochs=epochs, accelerator="cpu", logger=False, enable_progress_bar=False,
            enable_checkpointing=False, enable_model_summary=False,
            callbacks=[Both() for _ in range(callbacks)] + [timer],
        ).fit(Module(), torch.utils.data.DataLoader(rows, batch_size=ROWS, shuffle=True))
        return (timer.end - timer.start) / epochs

    return run


def with_skorch():
    import skorch
    import torch
    from skorch.callbacks import Callback

    torch.set_num_threads(chosen.threads)

    class Both(Callback):
        def on_batch_begin(self, net, **ignored):
            pass

        def on_batch_end(self, net, **ignored):
            pass

    class Timer(Callback):
        def on_epoch_begin(self, net, **ignored):
            self.start = getattr(self, "start", None) or common.clock()

        def on_epoch_end(self, net, **ignored):
            self.end = common.clock()

    def run(batches, epochs, callbacks):
        timer = Timer()
        module = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
        skorch.NeuralNetRegressor(
            module, max_epochs=epochs, batch_size=ROWS, train_split=None, verbose=0, iterator_train__shuffle=True,
            callbacks=[(f"c{index}", Both()) for index in range(callbacks)] + [("timer", timer)],
        ).fit(*data(batches))
        return (timer.end - timer.start) / epochs

    return run


makers = {"torch": with_torch, "jax": with_jax, "jax-scan": with_jax, "scikit-learn": with_sklearn,
          "lightning": with_lightning, "skorch": with_skorch}
run = makers.get(peer, with_keras)()
run(20, 1, 1)
batch = run(chosen.batches, chosen.epochs, 1) / chosen.batches * 1e6
short = run(1, chosen.short, 5) * 1e6
common.report(us_per_batch=batch, us_per_short_epoch=short)
