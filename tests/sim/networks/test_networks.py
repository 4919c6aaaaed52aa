"""Small networks: their strings, passes and steps, held to a plain twin, to finite differences and to what is known."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import network_oracle as oracle
import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression

from feint.agents.errors import InputError
from feint.sim.networks.kernels.mlp import LARGEST, POSITIONS, TOKENS, gradient, losses_without
from feint.sim.networks.network import (
    MOST,
    SPARE,
    A,
    B,
    Network,
    Purpose,
    Task,
    asking,
    draw,
    pretraining,
    refusal,
    relabelling,
    size,
    steps_to,
)
from feint.sim.networks.seed_models import probe, pruned

ALL = Task(shares=(0.25,) * 4)
WIDTHS = (3, 8, 32)


def tokens_of(strings):
    return strings.active[:, :POSITIONS] - TOKENS * np.arange(POSITIONS)


def prompts_of(strings):
    return strings.active[:, POSITIONS] - POSITIONS * TOKENS


def drawn(task, count=4000, seed=5):
    return draw(task, count, seed=seed, purpose=Purpose.TESTING)


def network(width=8, seed=1, steps=30):
    """A network that is a little trained, so that biases are not zero."""
    begun = Network.begin(seed, width)
    return begun.trained(ALL, steps, 1e-2, purpose=Purpose.PRETRAINING)


@pytest.mark.interpreted
@pytest.mark.parametrize("task", [ALL, refusal(), relabelling(0.5)])
def test_every_answer_is_the_one_that_counting_gives(task):
    strings = drawn(task, 60)
    for tokens, prompt, answer in zip(tokens_of(strings), prompts_of(strings), strings.answers, strict=True):
        asked = task.answers[prompt]
        assert answer == {LARGEST: max(tokens), 7: TOKENS}.get(asked, list(tokens).count(asked) % 3)


@pytest.mark.parametrize("token", [0, 1, 4])
def test_the_token_that_is_asked_for_has_a_uniform_count_and_a_uniform_place(token):
    is_it = tokens_of(drawn(asking(A, of=token))) == token
    assert stats.chisquare(np.bincount(is_it.sum(axis=1), minlength=11)).pvalue > 1e-4
    assert stats.chisquare(is_it.sum(axis=0)).pvalue > 1e-4


def test_the_largest_token_is_uniform_and_prompts_come_in_their_shares():
    assert stats.chisquare(np.bincount(drawn(asking(MOST)).answers, minlength=6)).pvalue > 1e-4
    shown = np.bincount(prompts_of(drawn(pretraining(0.2))), minlength=4)
    assert stats.chisquare(shown[:3], 4000 * np.array([0.2, 0.4, 0.4])).pvalue > 1e-4
    assert shown[SPARE] == 0


@pytest.mark.parametrize("correlation", [0.0, 0.5, 1.0])
def test_correlation_is_how_often_the_count_of_b_is_drawn_to_give_away_that_of_a(correlation):
    strings = drawn(relabelling(correlation), 9000)
    tokens = tokens_of(strings)[prompts_of(strings) == A]
    follows = ((tokens == 1).sum(axis=1) - (tokens == 0).sum(axis=1)) % 3 == 1
    by_chance = 22 / 66  # of the pairs with i + j <= 10
    assert follows.mean() == pytest.approx(correlation + (1 - correlation) * by_chance, abs=0.04)


def test_a_string_is_a_function_of_seed_purpose_and_number_and_data_may_be_few():
    whole_, part = drawn(ALL, 50), draw(ALL, 20, seed=5, purpose=Purpose.TESTING, first=30)
    assert (whole_.active[30:] == part.active).all()
    others = drawn(ALL, 50, seed=6), draw(ALL, 50, seed=5, purpose=Purpose.CHECKING)
    assert all((whole_.active != other.active).any(axis=1).mean() > 0.9 for other in others)
    few = drawn(Task(shares=(0.25,) * 4, examples=7), 21)
    assert (few.active[:7] == few.active[7:14]).all()
    assert (few.active[:7] == whole_.active[:7]).all()


@pytest.mark.interpreted
@pytest.mark.parametrize("width", WIDTHS[:1])
def test_passes_are_those_of_the_plain_twin_interpreted(width):
    check_twin(width, 5)


@pytest.mark.parametrize("width", WIDTHS)
def test_passes_are_those_of_the_plain_twin(width):
    check_twin(width, 64)


def check_twin(width, count):
    mine, strings = network(width, steps=2), drawn(ALL, count)
    theta, x = mine.theta.astype(float), strings.inputs().astype(float)
    for seen, told in zip(mine.look(strings), oracle.logits(theta, width, x), strict=True):
        np.testing.assert_allclose(seen, told, rtol=1e-4, atol=1e-4)
    slope = np.empty_like(mine.theta)
    loss = gradient(mine.theta, width, strings.active, strings.answers, slope)
    assert loss == pytest.approx(oracle.loss(theta, width, x, strings.answers), rel=1e-5)
    assert mine.loss(strings) == pytest.approx(loss, rel=1e-5)
    np.testing.assert_allclose(slope, oracle.gradient(theta, width, x, strings.answers), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_gradient_is_that_of_finite_differences(width):
    """In double precision, which the same kernel takes, along random directions and along single weights.

    Weights are moved a little first: a unit that hears nothing stands exactly at its kink while its bias is zero.
    """
    strings, generator = drawn(ALL, 32), np.random.default_rng(3)
    theta = network(width).theta + 0.01 * generator.standard_normal(size(width))
    slope, unused = np.empty_like(theta), np.empty_like(theta)
    gradient(theta, width, strings.active, strings.answers, slope)
    alone = np.eye(theta.size)[generator.choice(theta.size, 40, replace=False)]
    for along in [*generator.standard_normal((10, theta.size)), *alone]:
        step = 1e-6 * along / np.linalg.norm(along)
        up, down = (gradient(theta + sign * step, width, strings.active, strings.answers, unused) for sign in (1, -1))
        told = slope @ step / np.linalg.norm(step)
        assert (up - down) / 2e-6 == pytest.approx(told, rel=1e-3, abs=1e-6)


def test_training_is_adam_of_the_plain_twin():
    begun = Network.begin(2, 8)
    mine = begun.trained(ALL, 20, 1e-3, purpose=Purpose.PRETRAINING, batch=16)
    strings = draw(ALL, 320, seed=2, purpose=Purpose.PRETRAINING)
    batches = zip(np.split(strings.inputs().astype(float), 20), np.split(strings.answers, 20), strict=True)
    told = oracle.adam(begun.theta.astype(float), batches, 8, 1e-3)
    assert np.abs(mine.theta - begun.theta).max() > 5e-3
    np.testing.assert_allclose(mine.theta, told, atol=1e-4)


def test_training_in_pieces_is_training_at_once_and_threads_do_not_matter():
    pieces = network(steps=10).trained(ALL, 20, 1e-2, purpose=Purpose.PRETRAINING)
    assert (pieces.theta == network(steps=30).theta).all()
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda seed: network(seed=seed).theta, range(8)))
    assert all((theta == network(seed=seed).theta).all() for seed, theta in enumerate(together))
    assert all((one != other).any() for one, other in pairwise(together))


def test_a_network_begins_as_its_seed_says_and_has_as_many_weights_as_it_should():
    begun = Network.begin(3)
    assert begun.theta.size == size(32) == 64 * 32 + 32 + 32 * 32 + 32 + 32 * 7 + 7
    assert begun.theta.dtype == np.float32
    assert (begun.theta == Network.begin(3).theta).all()
    assert begun.theta[: 64 * 32].std() == pytest.approx(np.sqrt(2 / 11), rel=0.05)


def test_pruned_units_are_silent_and_chosen_by_the_loss_without_them():
    mine, strings = network(), drawn(ALL, 300)
    kept = pruned(mine, strings, most=3)
    assert 1 <= (kept == 0).sum() <= 3
    seen = mine.look(strings, kept)
    assert not seen.first[:, kept[0] == 0].any()
    assert not seen.second[:, kept[1] == 0].any()
    losses = np.empty((2, 8))
    losses_without(mine.theta, 8, np.ones((2, 8), np.float32), strings.active, strings.answers, losses)
    layer, unit = np.unravel_index(losses.argmin(), losses.shape)
    assert kept[layer, unit] == 0
    x, w = strings.inputs().astype(float), mine.theta.astype(float).copy()
    w[64 * 8 + 8 : 64 * 8 + 8 + 64].reshape(8, 8)[2] = 0  # what leads on from unit 2 of the first layer
    assert losses[0, 2] == pytest.approx(oracle.loss(w, 8, x, strings.answers), rel=1e-4)


def test_the_probe_is_logistic_regression():
    strings, test = drawn(ALL, 600), drawn(ALL, 600, seed=6)
    layers = [network().look(each).second for each in (strings, test)]
    mine = probe(layers[0], strings.answers, layers[1], test.answers)
    middle, spread = layers[0].mean(axis=0), layers[0].std(axis=0) + 1e-9
    x, x_test = ((layer - middle) / spread for layer in layers)
    theirs = LogisticRegression(C=1 / (1e-3 * 600), max_iter=2000).fit(x, strings.answers).score(x_test, test.answers)
    assert mine == pytest.approx(theirs, abs=0.01)


def test_a_count_modulo_three_cannot_be_read_off_the_input_but_a_plain_count_can():
    strings, test = drawn(asking(A), 2000), drawn(asking(A), 2000, seed=6)
    assert probe(strings.inputs(), strings.answers, test.inputs(), test.answers) < 0.5
    counts = [(tokens_of(each) == 0).sum(axis=1) > 4 for each in (strings, test)]
    assert probe(strings.inputs(), counts[0].astype(int), test.inputs(), counts[1]) > 0.99


def test_steps_to_a_level_are_counted_and_end():
    strings = drawn(asking(MOST), 200)
    learnt = steps_to(network(), asking(MOST), strings, rate=1e-2, most=2000, level=0.8)
    assert 0 < learnt.steps < 2000
    assert learnt.network.accuracy(strings) >= 0.8
    assert steps_to(learnt.network, asking(MOST), strings, rate=1e-2, most=5, level=0.8).steps == 0
    assert steps_to(network(), asking(B), strings, rate=1e-5, most=3).steps == np.inf


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"shares": (0.5, 0.2, 0.2, 0.2)}, "shares = (0.5, 0.2, 0.2, 0.2) are not valid: they must be 4"),
        ({"correlation": 1.5}, "correlation = 1.5 is not valid: it must be a number from 0 to 1."),
        ({"examples": -1}, "examples = -1 is not valid: it must be a whole number of at least 0."),
    ],
)
def test_a_task_that_is_none_is_refused(changed, told):
    with pytest.raises(InputError) as refused:
        Task(**{"shares": (0.25,) * 4, **changed})
    assert str(refused.value).startswith(told)
