"""Strings with a prompt and an answer, passes of a network with two hidden layers on them, and Adam, in float32.

A string is a pure function of (seed, stream, number). With r its inputs that are 1, and W₁[r] their rows of the first
weights,

    u = relu(b₁ + Σ_r W₁[r]),   v = relu(b₂ + u W₂),   z = b₃ + v W₃,   loss = log Σ_k exp z_k - z_answer

and the loss of a batch is its mean. Adam: Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015,
arXiv:1412.6980, algorithm 1.
"""

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
MEMORY_1, MEMORY_2, GUARD = 0.9, 0.999, 1e-8  # Adam's β₁, β₂ and ε
ZERO, ONE = np.float32(0), np.float32(1)
COUNTS = np.array([(i, j) for i in range(POSITIONS + 1) for j in range(POSITIONS + 1 - i)])
"""Counts of two tokens in one string."""
FOLLOWING = COUNTS[(COUNTS[:, 1] - COUNTS[:, 0]) % MODULUS == 1]
"""Those of which the second is one more than the first, modulo 3."""


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
def fill(kind, correlation, words, tokens):
    """Fill `tokens` (10,) with a string of a kind, in an order that is still to be shuffled."""
    if kind == LARGEST:
        most = below(words[1], TOKENS)
        tokens[0] = most
        for i in range(1, POSITIONS):
            tokens[i] = below(words[4 + i], most + 1)
    elif kind == PAIRS:
        pairs = FOLLOWING if words[2] < correlation * 2.0**32 else COUNTS
        drawn = below(words[1], len(pairs))
        first, second = pairs[drawn, 0], pairs[drawn, 1]
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
    result = 0
    for i in range(POSITIONS):
        result = max(result, tokens[i]) if kind == LARGEST else result + (tokens[i] == kind)
    return result if kind == LARGEST else result % MODULUS


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


@inline
def weights(theta, width):
    """Return the parts of a weight vector: W₁ (inputs, width), b₁, W₂ (width, width), b₂, W₃ (width, outputs), b₃."""
    a, b, c = INPUTS * width, width * width, width * OUTPUTS
    first, second, third = theta[: a + width], theta[a + width : a + b + 2 * width], theta[a + b + 2 * width :]
    return (
        first[:a].reshape((INPUTS, width)),
        first[a:],
        second[:b].reshape((width, width)),
        second[b:],
        third[:c].reshape((width, OUTPUTS)),
        third[c:],
    )


@equation
def copy_row(row, into):
    """Copy a row."""
    for j in range(row.size):
        into[j] = row[j]


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
    dv[:] = ZERO
    for k in range(z.size):
        add_row(z[k], w3_turned[k], dv)
    for i in range(v.size):
        if v[i] > ZERO:
            add_row(v[i], z, g3[i])
        else:
            dv[i] = ZERO
    add_row(ONE, dv, h2)
    du[:] = ZERO
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


@kernel
def gradient(theta, width, active, answers, slope):
    """Set `slope` (weights,) to the gradient of the mean loss of strings (strings, 11) and return that loss."""
    parts, slopes = weights(theta, width), weights(slope, width)
    w2_turned, w3_turned = parts[2].T.copy(), parts[4].T.copy()
    u, v, du, dv = np.empty_like(parts[1]), np.empty_like(parts[1]), np.empty_like(parts[1]), np.empty_like(parts[1])
    z, kept = np.empty_like(parts[5]), np.ones((2, width), theta.dtype)
    slope[:] = ZERO
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
        loss += gradient(theta, width, active, answers, slope)
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
