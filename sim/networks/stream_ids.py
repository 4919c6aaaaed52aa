"""What random strings are for: each purpose has a stream of its own, so that no network is tested on what it learnt."""

from __future__ import annotations

from enum import IntEnum


class Purpose(IntEnum):
    """The stream of a string; strings of two purposes, or of two seeds, are independent."""

    PRETRAINING = 0
    FINETUNING = 1
    REVERSE = 2  #: training after fine-tuning, and its baselines
    CHECKING = 3  #: whether a level is reached on the way
    TESTING = 4
    CHOOSING = 5  #: what is pruned, and the probe's training
    START = 6  #: the weights at the start, drawn by NumPy's Philox
