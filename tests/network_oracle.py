"""A network of two hidden layers said again, slowly, in plain NumPy and double precision, from nothing of Feint."""

from __future__ import annotations

import numpy as np

INPUTS, OUTPUTS = 64, 7


def parts(theta, width):
    """The matrices and biases of a flat vector of weights."""
    shapes = [(INPUTS, width), (width,), (width, width), (width,), (width, OUTPUTS), (OUTPUTS,)]
    ends = np.cumsum([np.prod(shape, dtype=int) for shape in shapes])
    return [piece.reshape(shape) for piece, shape in zip(np.split(theta, ends)[:-1], shapes, strict=True)]


def logits(theta, width, x):
    w1, b1, w2, b2, w3, b3 = parts(theta, width)
    u = np.maximum(x @ w1 + b1, 0)
    v = np.maximum(u @ w2 + b2, 0)
    return u, v, v @ w3 + b3


def loss(theta, width, x, answers):
    z = logits(theta, width, x)[2]
    return float(np.mean(np.log(np.exp(z - z.max(1, keepdims=True)).sum(1)) + z.max(1) - z[np.arange(len(z)), answers]))


def gradient(theta, width, x, answers):
    """Of the mean loss, by the chain rule in matrices."""
    _, _, w2, _, w3, _ = parts(theta, width)
    u, v, z = logits(theta, width, x)
    p = np.exp(z - z.max(1, keepdims=True))
    dz = (p / p.sum(1, keepdims=True) - np.eye(OUTPUTS)[answers]) / len(x)
    dv = (dz @ w3.T) * (v > 0)
    du = (dv @ w2.T) * (u > 0)
    slopes = x.T @ du, du.sum(0), u.T @ dv, dv.sum(0), v.T @ dz, dz.sum(0)
    return np.concatenate([slope.ravel() for slope in slopes])


def adam(theta, batches, width, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    """Algorithm 1 of Kingma and Ba (2015) over batches of (x, answers)."""
    m, v = np.zeros_like(theta), np.zeros_like(theta)
    for t, (x, answers) in enumerate(batches, start=1):
        g = gradient(theta, width, x, answers)
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        theta = theta - rate * (m / (1 - beta_1**t)) / (np.sqrt(v / (1 - beta_2**t)) + epsilon)
    return theta
