#!/usr/bin/env python3
"""Writes forecasters.txt: what a simple recurrent network and a causal dilated convolution forecast, in double precision.

Two inputs, sixteen hidden units, one channel, two samples ahead. Parameter number i is 0.3 ((7919 i + 13) mod 1009 / 504.5 - 1);
the inputs are normal numbers of a seed. A line of the table: cell, step, the two inputs, the four outputs.

    python3 forecasters.py > forecasters.txt
"""
import numpy as np

I, H, N, WIDTH, STEPS = 2, 16, 4, 16, 24
number = 0


def take(*shape):
    """The next parameters, in the packed order."""
    global number
    count = int(np.prod(shape))
    index = np.arange(number, number + count)
    number += count
    return (0.3 * ((7919 * index + 13) % 1009 / 504.5 - 1)).reshape(shape)


def head(states):
    weights, biases = take(H, WIDTH), take(WIDTH)
    return (states @ weights + biases)[:, :N]


def rnn(x):
    global number
    number = 0
    weights, biases = take(I + H, H), take(H)
    state, states = np.zeros(H), []
    for row in x:
        state = np.tanh(row @ weights[:I] + state @ weights[I:] + biases)
        states.append(state)
    return head(np.array(states))


def cnn(x):
    global number
    number = 0
    below = x
    for layer in range(3):
        kernel, biases = take(3, below.shape[1], H), take(H)
        gap = 2**layer
        padded = np.vstack([np.zeros((2 * gap, below.shape[1])), below])
        total = biases + sum(padded[tap * gap : tap * gap + len(x)] @ kernel[tap] for tap in range(3))
        below = np.tanh(total) + (below if layer else 0)
    return head(below)


# Rounded to float32, which is what the network is given.
inputs = np.random.default_rng(5).normal(size=(STEPS, I)).astype(np.float32)
for name, network in (("rnn", rnn), ("cnn", cnn)):
    for step, (row, outputs) in enumerate(zip(inputs, network(inputs.astype(float)))):
        print(name, step, *(f"{value:.9g}" for value in row), *(f"{value:.15g}" for value in outputs))
