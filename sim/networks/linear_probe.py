"""Linear probe: what can be read off a layer by multinomial logistic regression."""

from __future__ import annotations

import numpy as np

PENALTY = 1e-3  # of the squared weights, a sample; on features of unit variance


def probe(train: np.ndarray, right: np.ndarray, test: np.ndarray, answers: np.ndarray) -> float:
    """Accuracy on `test` (strings, features) of logistic regression that was fitted on `train`.

    It minimises mean cross-entropy + λ |W|² / 2 over features that are brought to mean 0 and variance 1, by conjugate
    gradients; `right` and `answers` (strings,) are whole numbers from 0. Features that never vary are left out.
    """
    from scipy.optimize import minimize

    middle, spread = train.mean(axis=0, dtype=np.float64), train.std(axis=0, dtype=np.float64)
    varies = spread > 1e-6
    x, x_test = (_with_one((part - middle)[:, varies] / spread[varies]) for part in (train, test))
    wanted = np.eye(right.max() + 1)[:, right]
    start = np.zeros(len(wanted) * len(x))  # quasi-Newton methods lose their time to the threads of BLAS
    found = minimize(_loss, start, args=(x, wanted), jac=True, method="CG", options={"maxiter": 500, "gtol": 1e-4})
    return float((_scores(found.x.reshape(len(wanted), -1), x_test).argmax(axis=0) == answers).mean())


def _loss(flat: np.ndarray, x: np.ndarray, wanted: np.ndarray) -> tuple[float, np.ndarray]:
    """Penalised mean cross-entropy and its gradient; the last column of W, of the constant, is free."""
    W = flat.reshape(len(wanted), -1)
    z = _scores(W, x)
    z -= z.max(axis=0)
    told = np.exp(z)
    total = told.sum(axis=0)
    pulled = PENALTY * W
    pulled[:, -1] = 0.0
    strings = x.shape[1]
    loss = np.log(total).mean() - (z * wanted).sum() / strings + 0.5 * (pulled * W).sum()
    slope = np.einsum("fs,cs->cf", x, told / total - wanted) / strings
    return loss, (slope + pulled).ravel()


def _scores(W: np.ndarray, x: np.ndarray) -> np.ndarray:
    """W x (classes, strings); not by BLAS, whose threads cost more than they save beside those of the seeds."""
    return np.einsum("cf,fs->cs", W, x)


def _with_one(features: np.ndarray) -> np.ndarray:
    """Features in rows, and a row of ones (features + 1, strings)."""
    return np.concatenate([features.T, np.ones((1, len(features)))])
