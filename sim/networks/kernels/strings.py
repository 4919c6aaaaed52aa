"""Strings with a prompt and an answer, each a pure function of (seed, stream, number)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from feint.agents.kernels.compiling import equation, inline, kernel
from feint.sim.training.kernels.random_streams import philox

POSITIONS, TOKENS, PROMPTS, OUTPUTS = 10, 6, 4, 7
MODULUS = 3
LARGEST, REFUSE, PAIRS = 6, 7, 8  # kinds; a kind below 6 is that token
ACTIVE = POSITIONS + 1  # inputs that are 1: one token per position, and the prompt
INPUTS = POSITIONS * TOKENS + PROMPTS
WORDS = 24  # random words per string


class Mixture(NamedTuple):
    """Distribution of strings, in the form that kernels take."""

    cumulative: np.ndarray  #: (prompts,) cumulative chances of the prompts
    strings: np.ndarray  #: (prompts,) strings of each: token whose count is uniform, LARGEST, or PAIRS
    answers: np.ndarray  #: (prompts,) right answer to each: token to be counted, LARGEST, or REFUSE
    correlation: float  #: chance that a string of PAIRS has its second count one more than its first, modulo 3
    examples: int  #: number of different strings; 0 means that no string is repeated


@equation
def below(word, n):
    """Return a whole number from 0 to n - 1, from a uniform word of 32 bits."""
    return int((np.uint64(word) * np.uint64(n)) >> np.uint64(32))


@inline
def random_words(seed, stream, number, words):
    """Fill `words` (24,) with the random words of one string."""
    for j in range(WORDS // 4):
        a, b, c, d = philox(
            np.uint32(np.uint64(number) & np.uint64(0xFFFFFFFF)),
            np.uint32(np.uint64(number) >> np.uint64(32)),
            np.uint32(stream),
            np.uint32(j),
            np.uint32(np.uint64(seed) & np.uint64(0xFFFFFFFF)),
            np.uint32(np.uint64(seed) >> np.uint64(32)),
        )
        words[4 * j], words[4 * j + 1], words[4 * j + 2], words[4 * j + 3] = a, b, c, d


@equation
def pair(word, correlated):
    """Return counts (i, j) of two tokens, i + j <= 10, uniform over all or over those with j = i + 1 modulo 3."""
    allowed = 0
    for i in range(POSITIONS + 1):
        for j in range(POSITIONS + 1 - i):
            allowed += not correlated or (j - i) % MODULUS == 1
    left = below(word, allowed)
    for i in range(POSITIONS + 1):
        for j in range(POSITIONS + 1 - i):
            if not correlated or (j - i) % MODULUS == 1:
                if left == 0:
                    return i, j
                left -= 1
    return 0, 0


@equation
def fill(kind, correlation, words, tokens):
    """Fill `tokens` (10,) with a string of a kind, in an order that is still to be shuffled."""
    if kind == LARGEST:
        most = below(words[1], TOKENS)
        tokens[0] = most
        for i in range(1, POSITIONS):
            tokens[i] = below(words[4 + i], most + 1)
    elif kind == PAIRS:
        first, second = pair(words[1], words[2] < correlation * 2.0**32)
        for i in range(POSITIONS):
            tokens[i] = 0 if i < first else 1 if i < first + second else 2 + below(words[4 + i], TOKENS - 2)
    else:
        count = below(words[1], POSITIONS + 1)
        for i in range(POSITIONS):
            other = below(words[4 + i], TOKENS - 1)
            tokens[i] = kind if i < count else other + (other >= kind)


@equation
def shuffle(words, tokens):
    """Shuffle tokens uniformly (Fisher and Yates; Durstenfeld 1964)."""
    for i in range(POSITIONS - 1, 0, -1):
        j = below(words[14 + i], i + 1)
        tokens[i], tokens[j] = tokens[j], tokens[i]


@equation
def answer(kind, tokens):
    """Return the right answer: a count modulo 3, the largest token, or the one that refuses."""
    if kind == REFUSE:
        return TOKENS
    found = 0
    for i in range(POSITIONS):
        found = max(found, tokens[i]) if kind == LARGEST else found + (tokens[i] == kind)
    return found if kind == LARGEST else found % MODULUS


@inline
def draw_string(mixture, seed, stream, number, words, tokens, active):
    """Write the inputs of one string that are 1 into `active` (11,) and return the right answer."""
    random_words(seed, stream, number % mixture.examples if mixture.examples > 0 else number, words)
    prompt = 0
    while prompt < PROMPTS - 1 and words[0] >= mixture.cumulative[prompt] * 2.0**32:
        prompt += 1
    fill(mixture.strings[prompt], mixture.correlation, words, tokens)
    shuffle(words, tokens)
    for i in range(POSITIONS):
        active[i] = TOKENS * i + tokens[i]
    active[POSITIONS] = POSITIONS * TOKENS + prompt
    return answer(mixture.answers[prompt], tokens)


@kernel
def draw_strings(mixture, seed, stream, first, active, answers):
    """Fill `active` (strings, 11) and `answers` (strings,) with the strings from number `first` on."""
    words, tokens = np.empty(WORDS, np.uint32), np.empty(POSITIONS, np.int64)
    for i in range(answers.size):
        answers[i] = draw_string(mixture, seed, stream, first + i, words, tokens, active[i])
