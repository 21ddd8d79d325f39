"""Writes reconstruction.json beside itself: windows, and what each autoencoder makes of them, in double precision.

Written out of the papers and the parameters' layout alone, with plain loops: nothing is shared with the Swift code. The
parameters are those of `parameters` below, which the test computes too; the windows come from a seeded generator.

    python3 make_reconstruction.py
"""

import json
import pathlib

import numpy as np

SHAPES = [(6, 2), (5, 3), (4, 17)]  # rows, channels
HIDDEN = {"dense": 32, "convolutional": 16, "lstm": 16, "variational": 32, "adversarial": 32}


def padded(count):
    return (count + 15) // 16 * 16


def parameters(count):
    index = np.arange(count, dtype=np.int64)
    return ((index * 7919 + 13) % 257 - 128) / 1024.0


class Flat:
    """Takes layers off the flat buffer in their order."""

    def __init__(self):
        self.values = parameters(1 << 17)
        self.place = 0

    def take(self, count):
        self.place += count
        return self.values[self.place - count : self.place]

    def dense(self, inputs, outputs):
        width = padded(outputs)
        weights = self.take(inputs * width).reshape(inputs, width)[:, :outputs]
        return weights, self.take(width)

    def recurrent(self, inputs, size):
        panels = self.take(size // 16 * (inputs + size) * 64).reshape(size // 16, inputs + size, 4, 16)
        biases = self.take(4 * size).reshape(size // 16, 4, 16)
        # [inputs + size][gate][unit] and [gate][unit]
        return panels.transpose(1, 2, 0, 3).reshape(inputs + size, 4, size), biases.transpose(1, 0, 2).reshape(4, size)


def apply(layer, x, squash):
    weights, biases = layer
    y = x @ weights + biases[: weights.shape[1]]
    return np.tanh(y) if squash else y


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def dense(x, rows, channels, flat):
    size = rows * channels
    first, narrow, third, last = flat.dense(size, 32), flat.dense(32, 6), flat.dense(6, 32), flat.dense(32, size)
    latent = apply(narrow, apply(first, x, True), False)
    rebuilt = apply(last, apply(third, latent, True), False)
    return rebuilt, x - rebuilt, latent


def patches(x):
    """Four rows each, every second row, one row of zeros before the first; [rows, channels] in."""
    rows = len(x)
    count = (rows + 1) // 2
    around = np.zeros((2 * count + 4, x.shape[1]))
    around[1 : 1 + rows] = x
    return np.stack([around[2 * p : 2 * p + 4].ravel() for p in range(count)])


def transposed(layer, h, rows, channels):
    weights, biases = layer
    around = np.zeros((2 * len(h) + 4, channels))
    for p in range(len(h)):
        around[2 * p : 2 * p + 4] += (h[p] @ weights).reshape(4, channels)
    return around[1 : 1 + rows] + biases[:channels]


def convolutional(x, rows, channels, flat):
    half = (rows + 1) // 2
    quarter = (half + 1) // 2
    first, second = flat.dense(4 * channels, 16), flat.dense(64, 16)
    narrow, expansion = flat.dense(16 * quarter, 6), flat.dense(6, 16 * quarter)
    third, fourth = flat.dense(16, 64), flat.dense(16, 4 * channels)
    h = apply(first, patches(x.reshape(rows, channels)), True)
    h = apply(second, patches(h), True)
    latent = apply(narrow, h.ravel(), False)
    h = apply(expansion, latent, True).reshape(quarter, 16)
    h = np.tanh(transposed(third, h, half, 16))
    rebuilt = transposed(fourth, h, rows, channels).ravel()
    return rebuilt, x - rebuilt, latent


def step(layer, row, c):
    weights, biases = layer
    i, f, g, o = np.einsum("k,kgu->gu", row, weights) + biases
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def lstm(x, rows, channels, flat):
    encoder, decoder, output = flat.recurrent(channels, 16), flat.recurrent(0, 16), flat.dense(16, channels)
    h = c = np.zeros(16)
    for row in x.reshape(rows, channels):
        h, c = step(encoder, np.concatenate([row, h]), c)
    latent, c, rebuilt = h, np.zeros(16), []
    for _ in range(rows):
        h, c = step(decoder, h, c)
        rebuilt.append(apply(output, h, False))
    rebuilt = np.concatenate(rebuilt[::-1])
    return rebuilt, x - rebuilt, latent


def variational(x, rows, channels, flat):
    size = rows * channels
    encoder, statistics = flat.dense(size, 32), flat.dense(32, 12)
    decoder, output = flat.dense(6, 32), flat.dense(32, 2 * size)
    latent = apply(statistics, apply(encoder, x, True), False)[:6]
    y = apply(output, apply(decoder, latent, True), False)
    mean, log_sigma = y[:size], np.clip(y[size:], -2, 2)
    e = (x - mean) / np.exp(log_sigma)
    return mean, np.where(e < 0, -1, 1) * np.sqrt(e**2 + 2 * (log_sigma + 2)), latent


def adversarial(x, rows, channels, flat):
    size = rows * channels
    encoder, narrow = flat.dense(size, 32), flat.dense(32, 6)
    decoders = [(flat.dense(6, 32), flat.dense(32, size)) for _ in range(2)]

    def decode(decoder, h):
        return 6 * np.tanh(apply(decoder[1], apply(decoder[0], h, True), False) / 6)

    latent = apply(narrow, apply(encoder, x, True), False)
    first = decode(decoders[0], latent)
    both = decode(decoders[1], apply(narrow, apply(encoder, first, True), False))
    size = np.sqrt(0.5 * (x - first) ** 2 + 0.5 * (x - both) ** 2)
    return first, np.where(x - first < 0, -1, 1) * size, latent


def main():
    random = np.random.default_rng(17)
    table = []
    for network in [dense, convolutional, lstm, variational, adversarial]:
        for rows, channels in SHAPES:
            window = np.round(random.normal(0, 1.5, rows * channels), 3)
            flat = Flat()
            rebuilt, error, latent = network(window, rows, channels, flat)
            table.append(
                {
                    "architecture": network.__name__,
                    "rows": rows,
                    "channels": channels,
                    "parameterCount": flat.place,
                    "window": window.tolist(),
                    "rebuilt": np.round(rebuilt, 10).tolist(),
                    "error": np.round(error, 10).tolist(),
                    "latent": np.round(latent, 10).tolist(),
                }
            )
    target = pathlib.Path(__file__).with_name("reconstruction.json")
    target.write_text("[\n" + ",\n".join(json.dumps(row) for row in table) + "\n]\n")


main()
