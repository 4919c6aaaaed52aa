"""Transfer law: how much data from scratch pre-training is worth, as arithmetic (Hernandez et al. 2021).

    D_T = k · D_F^α · N^β

D_F is the data of fine-tuning in characters, N the parameters of the model without its embeddings, D_T the effective
data transferred in characters: with D_F + D_T from scratch the same model comes to the same loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite
from numbers import Real

from feint.agents.errors import InputError

LOW_DATA = 0.1  #: the law was fitted where D_F is at most this share of D(N)
ENOUGH = 0.99  #: D(N) is the data from scratch that reach this share of the performance with infinite data


@dataclass(frozen=True, kw_only=True)
class TransferLaw:
    """Constants of one pre-training distribution; raises `InputError` unless all are finite and k is above 0."""

    name: str
    k: float  #: D_T of one character of fine-tuning and one parameter, in characters
    alpha: float  #: exponent of the fine-tuning data
    beta: float  #: exponent of the model size
    provenance: str = "[D]"  #: how it was come by: [V] read in the source, [S] in a summary of it, [D] derived

    def __post_init__(self) -> None:
        for name in ("k", "alpha", "beta"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, Real) or not isfinite(value):
                raise InputError(f"{name} = {value!r} is not valid for a transfer law: it must be a finite number.")
        if self.k <= 0:
            raise InputError(f"k = {self.k!r} is not valid for a transfer law: it must be above 0.")

    def transferred(self, data: float, size: float, *, enough: float | None = None) -> float:
        """Return D_T of `data` characters of fine-tuning and `size` parameters, in characters.

        `enough` is D(N), where it is known: data beyond a tenth of it are refused, for there the law was not fitted.
        Raises `InputError`.
        """
        _check("data", data)
        _check("size", size)
        if enough is not None:
            check_regime(data, enough)
        try:
            return self.k * data**self.alpha * size**self.beta
        except OverflowError:
            raise InputError(f"data = {data:g} and size = {size:g} give more than any number: give less.") from None

    def effective(self, data: float, size: float, *, enough: float | None = None) -> float:
        """Return D_F + D_T, the data with which training from scratch reaches the same loss, in characters."""
        return data + self.transferred(data, size, enough=enough)

    def multiplier(self, data: float, size: float, *, enough: float | None = None) -> float:
        """Return (D_F + D_T) / D_F; about k N^β / D_F^(1 - α) if it is large."""
        _check("data", data)
        return self.effective(data, size, enough=enough) / data

    def by_size(self, factor: float) -> float:
        """Return the factor on D_T of a model that is `factor` times as large."""
        _check("factor", factor)
        return factor**self.beta

    def by_data(self, factor: float) -> float:
        """Return the factor on D_T of `factor` times as much fine-tuning data."""
        _check("factor", factor)
        return factor**self.alpha

    def data_for_size(self, factor: float) -> float:
        """Return how many times the fine-tuning data equal a model `factor` times as large: factor^(β/α)."""
        _check("factor", factor)
        if self.alpha == 0:
            raise InputError("alpha = 0 has no exchange rate: no amount of data changes what is transferred.")
        return factor ** (self.beta / self.alpha)


def crossing(near: TransferLaw, far: TransferLaw) -> float:
    """Return D_F at which two laws of equal β give the same D_T, in characters; infinite if they never do.

    (k₁ / k₂)^(1 / (α₂ - α₁)). Raises `InputError` where β differs, for then it depends on N.
    """
    if near.beta != far.beta:
        raise InputError(
            f"beta = {near.beta!r} and {far.beta!r} differ: where two laws cross then depends on the size; "
            "it must be the same in both."
        )
    if near.alpha == far.alpha:
        return inf
    return (near.k / far.k) ** (1 / (far.alpha - near.alpha))


def check_regime(data: float, enough: float) -> None:
    """Raise `InputError` if fine-tuning data are beyond the low-data regime, a tenth of D(N)."""
    _check("enough", enough)
    if data > LOW_DATA * enough:
        raise InputError(
            f"data = {data:g} is outside the law's low-data regime: it must be at most {LOW_DATA * enough:g}, "
            f"which is {LOW_DATA:g} of D(N) = {enough:g}."
        )


def _check(name: str, value: float) -> None:
    """Raise `InputError` unless a value is a finite number above 0."""
    if isinstance(value, bool) or not isinstance(value, Real) or not isfinite(value) or value <= 0:
        raise InputError(f"{name} = {value!r} is not valid for a transfer law: it must be a finite number above 0.")


TEXT = TransferLaw(name="text", k=1.9e4, alpha=0.18, beta=0.38, provenance="[S]")
TEXT_AND_CODE = TransferLaw(name="text and other code", k=2.1e5, alpha=0.096, beta=0.38, provenance="[S]")
LAWS: Mapping[str, TransferLaw] = {law.name: law for law in (TEXT, TEXT_AND_CODE)}
"""The two laws of the paper for transfer to Python code, by pre-training data."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Data of a step and parameters of a mode in the law: conventions, not measurements.

    The default puts the race's one to ten thousand steps and its four to a thousand modes about where the paper has its
    data (3e5 to 22e9 characters) and its models (1e6 to 1e9 parameters).
    """

    law: TransferLaw = TEXT
    characters: float = 1e4  #: that one step, which is one sample, stands for
    parameters: float = 1e6  #: that one mode stands for

    def __post_init__(self) -> None:
        _check("characters", self.characters)
        _check("parameters", self.parameters)

    def worth(self, steps: int, modes: int) -> int:
        """Return D_T in whole steps for this many steps of fine-tuning and modes; 0 for 0 steps."""
        if not steps:
            return 0
        return round(self.law.transferred(steps * self.characters, modes * self.parameters) / self.characters)


SCALE = Scale()
