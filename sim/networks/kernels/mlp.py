"""Forward and backward passes of a network with two hidden layers of rectified linear units, and Adam, in float32.

With r the inputs of one string that are 1, and W₁[r] their rows of the first weights,

    u = relu(b₁ + Σ_r W₁[r]),   v = relu(b₂ + u W₂),   z = b₃ + v W₃,   loss = log Σ_k exp z_k - z_answer

and the loss of a batch is its mean. Adam: Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015,
arXiv:1412.6980, algorithm 1.
"""

from __future__ import annotations

import numpy as np

from feint.agents.kernels.compiling import equation, kernel
from feint.sim.networks.kernels.strings import ACTIVE, INPUTS, OUTPUTS, POSITIONS, WORDS, draw_string

MEMORY_1, MEMORY_2, GUARD = 0.9, 0.999, 1e-8  # Adam's β₁, β₂ and ε
ZERO, ONE = np.float32(0), np.float32(1)


@equation
def weights(theta, width):
    """Return the parts of a weight vector: W₁ (inputs, width), b₁, W₂ (width, width), b₂, W₃ (width, outputs), b₃."""
    a = INPUTS * width
    b = a + width
    c = b + width * width
    d = c + width
    e = d + width * OUTPUTS
    return (
        theta[:a].reshape((INPUTS, width)),
        theta[a:b],
        theta[b:c].reshape((width, width)),
        theta[c:d],
        theta[d:e].reshape((width, OUTPUTS)),
        theta[e : e + OUTPUTS],
    )


@equation
def copy_row(row, total):
    """Copy a row: total = row."""
    for j in range(total.size):
        total[j] = row[j]


@equation
def clear(row):
    """Set a row to zero: row = 0."""
    for j in range(row.size):
        row[j] = ZERO


@equation
def add_row(scale, row, total):
    """Add a scaled row: total += scale row."""
    for j in range(total.size):
        total[j] += scale * row[j]


@equation
def rectify(row, kept):
    """Set units below zero, and those that are not kept, to zero."""
    for j in range(row.size):
        row[j] = max(row[j], ZERO) * kept[j]


@equation
def forward(parts, active, kept, u, v, z):
    """Fill u, v (width,) and z (outputs,) for one string; units where `kept` (2, width) is 0 are pruned."""
    w1, b1, w2, b2, w3, b3 = parts
    copy_row(b1, u)
    for i in range(ACTIVE):
        add_row(ONE, w1[active[i]], u)
    rectify(u, kept[0])
    copy_row(b2, v)
    for i in range(u.size):
        if u[i] > ZERO:
            add_row(u[i], w2[i], v)
    rectify(v, kept[1])
    copy_row(b3, z)
    for i in range(v.size):
        if v[i] > ZERO:
            add_row(v[i], w3[i], z)


@equation
def soften(z, right):
    """Turn z (outputs,) into probabilities and return the loss."""
    most = z[0]
    for k in range(1, z.size):
        most = max(most, z[k])
    total = ZERO
    at = z[right] - most
    for k in range(z.size):
        z[k] = np.exp(z[k] - most)
        total += z[k]
    for k in range(z.size):
        z[k] /= total
    return np.log(total) - at


@equation
def backward(slope_parts, w2_turned, w3_turned, active, u, v, z, du, dv):
    """Add the gradient of one string's loss to the slopes; z is ∂loss/∂z, du and dv (width,) are work arrays."""
    g1, h1, g2, h2, g3, h3 = slope_parts
    add_row(ONE, z, h3)
    clear(dv)
    for k in range(z.size):
        add_row(z[k], w3_turned[k], dv)
    for i in range(v.size):
        if v[i] > ZERO:
            add_row(v[i], z, g3[i])
        else:
            dv[i] = ZERO
    add_row(ONE, dv, h2)
    clear(du)
    for i in range(dv.size):
        if dv[i] != ZERO:
            add_row(dv[i], w2_turned[i], du)
    for i in range(u.size):
        if u[i] > ZERO:
            add_row(u[i], dv, g2[i])
        else:
            du[i] = ZERO
    add_row(ONE, du, h1)
    for i in range(ACTIVE):
        add_row(ONE, du, g1[active[i]])


@equation
def adam(theta, first, second, slope, rate, time):
    """Take one step of Adam down `slope`; `first` and `second` are its moments, `time` counts from 1."""
    back_1 = np.float32(1 - MEMORY_1)
    back_2 = np.float32(1 - MEMORY_2)
    length = np.float32(rate * np.sqrt(1 - MEMORY_2**time) / (1 - MEMORY_1**time))
    guard = np.float32(GUARD * np.sqrt(1 - MEMORY_2**time))
    for i in range(theta.size):
        first[i] += back_1 * (slope[i] - first[i])
        second[i] += back_2 * (slope[i] * slope[i] - second[i])
        theta[i] -= length * first[i] / (np.sqrt(second[i]) + guard)


@equation
def learn(theta, width, active, answers, slope):
    """Set `slope` to the gradient of the mean loss of strings (strings, 11) and return that loss."""
    parts, slopes = weights(theta, width), weights(slope, width)
    w2_turned, w3_turned = parts[2].T.copy(), parts[4].T.copy()
    u, v, du, dv = np.empty_like(parts[1]), np.empty_like(parts[1]), np.empty_like(parts[1]), np.empty_like(parts[1])
    z, kept = np.empty_like(parts[5]), np.ones((2, width), theta.dtype)
    clear(slope)
    share = np.float32(1 / answers.size)
    loss = 0.0
    for s in range(answers.size):
        forward(parts, active[s], kept, u, v, z)
        loss += soften(z, answers[s])
        z[answers[s]] -= ONE
        for k in range(z.size):
            z[k] *= share
        backward(slopes, w2_turned, w3_turned, active[s], u, v, z, du, dv)
    return loss / answers.size


@kernel
def gradient(theta, width, active, answers, slope):
    """Set `slope` (weights,) to the gradient of the mean loss of strings (strings, 11) and return that loss."""
    return learn(theta, width, active, answers, slope)


@kernel
def train(theta, first, second, time, width, mixture, seed, stream, number, steps, batch, rate):
    """Train in place on the strings from `number` on, one fresh batch per step, and return the mean loss.

    `theta`, `first` and `second` (weights,) are the network and Adam's moments, which are `time` steps old.
    """
    words, tokens = np.empty(WORDS, np.uint32), np.empty(POSITIONS, np.int64)
    active, answers = np.empty((batch, ACTIVE), np.int64), np.empty(batch, np.int64)
    slope = np.empty_like(theta)
    loss = 0.0
    for step in range(steps):
        for s in range(batch):
            string = number + step * batch + s
            answers[s] = draw_string(mixture, seed, stream, string, words, tokens, active[s])
        loss += learn(theta, width, active, answers, slope)
        adam(theta, first, second, slope, rate, time + step + 1)
    return loss / max(steps, 1)


@kernel
def look(theta, width, kept, active, first, second, logits):
    """Fill the units of both layers (strings, width) and the outputs (strings, outputs) of a network on strings."""
    parts = weights(theta, width)
    for s in range(active.shape[0]):
        forward(parts, active[s], kept, first[s], second[s], logits[s])


@kernel
def losses_without(theta, width, kept, active, answers, losses):
    """Set `losses` (2, width) to the mean loss of strings if that unit is pruned as well.

    A unit that is zero on a string makes no difference to it.
    """
    parts = weights(theta, width)
    units, z, trial = np.empty((2, width), theta.dtype), np.empty_like(parts[5]), kept.copy()
    u, v = np.empty_like(parts[1]), np.empty_like(parts[1])
    losses[:] = 0.0
    for s in range(answers.size):
        forward(parts, active[s], kept, units[0], units[1], z)
        whole = soften(z, answers[s])
        for layer in range(2):
            for i in range(width):
                loss = whole
                if units[layer, i] > ZERO:
                    trial[layer, i] = ZERO
                    forward(parts, active[s], trial, u, v, z)
                    loss = soften(z, answers[s])
                    trial[layer, i] = kept[layer, i]
                losses[layer, i] += loss / answers.size
