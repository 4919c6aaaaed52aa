"""Linear probe: what can be read off a layer by multinomial logistic regression."""

from __future__ import annotations

import numpy as np

PENALTY = 1e-3  # of the squared weights, a sample; on features of unit variance


def probe(train: np.ndarray, right: np.ndarray, test: np.ndarray, answers: np.ndarray) -> float:
    """Accuracy on `test` (strings, features) of logistic regression that was fitted on `train`.

    It minimises mean cross-entropy + λ |W|² / 2 over features that are brought to mean 0 and variance 1, by L-BFGS;
    `right` and `answers` (strings,) are whole numbers from 0. Features that never vary are left out.
    """
    from scipy.optimize import minimize

    middle, spread = train.mean(axis=0, dtype=np.float64), train.std(axis=0, dtype=np.float64)
    varies = spread > 1e-6
    x, x_test = (_with_one((part - middle)[:, varies] / spread[varies]) for part in (train, test))
    wanted = np.eye(right.max() + 1)[right]
    start = np.zeros(x.shape[1] * wanted.shape[1])
    found = minimize(_loss, start, args=(x, wanted), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return float(((x_test @ found.x.reshape(x.shape[1], -1)).argmax(axis=1) == answers).mean())


def _loss(flat: np.ndarray, x: np.ndarray, wanted: np.ndarray) -> tuple[float, np.ndarray]:
    """Penalised mean cross-entropy and its gradient; the last row of W, of the constant, is free."""
    W = flat.reshape(x.shape[1], -1)
    z = x @ W
    z -= z.max(axis=1, keepdims=True)
    told = np.exp(z)
    total = told.sum(axis=1, keepdims=True)
    pulled = PENALTY * W
    pulled[-1] = 0.0
    loss = np.log(total[:, 0]).mean() - (z * wanted).sum() / len(z) + 0.5 * (pulled * W).sum()
    return loss, (x.T @ (told / total - wanted) / len(z) + pulled).ravel()


def _with_one(features: np.ndarray) -> np.ndarray:
    return np.column_stack([features, np.ones(len(features))])
