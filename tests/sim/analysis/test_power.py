"""Power of designs: exact enumerations, textbook sizes, correlated seeds and pairs, the search, and bad input."""

from collections import Counter, defaultdict
from itertools import product
from statistics import NormalDist

import numpy as np
import pytest
from scipy.stats import betabinom, binom, multinomial

from feint.agents.errors import InputError
from feint.sim.analysis.claims import Verdict, rises
from feint.sim.analysis.contrasts import newcombe
from feint.sim.analysis.power import Design, Sizes, design_power
from feint.sim.statistics.intervals import tango

TRIALS = 4000


def design(**facts):
    known = {"models": 30, "seeds": 1, "base": 0.2, "effect": 0.3, "paired": True, "correlation": 0.0, "icc": 0.3}
    return Design(**{**known, "least": 0.02, "confidence": 0.95, **facts})


def power(trials=TRIALS, **facts):
    return design_power(design(**facts), trials=trials, seed=1, request=None, progress=None)  # pyright: ignore


def exact_paired(n, gained, lost, least=0.02):
    """Chance of each verdict, summed over all counts."""
    chances, rule = defaultdict(float), rises(least)
    for b, c in product(range(n + 1), repeat=2):
        if b + c <= n:
            chance = multinomial.pmf([b, c, n - b - c], n, [gained, lost, 1 - gained - lost])
            chances[rule.verdict(tango(b, c, n))] += float(chance)
    return chances


def exact_unpaired(n, base, effect, least=0.02):
    first, second = (binom.pmf(np.arange(n + 1), n, share) for share in (base, base + effect))
    chances, rule = defaultdict(float), rises(least)
    for b, c in product(range(n + 1), repeat=2):
        chances[rule.verdict(newcombe((b, n), (c, n)))] += second[b] * first[c]
    return chances


@pytest.mark.parametrize("correlation", [0.0, 0.4])
@pytest.mark.parametrize("effect", [0.3, -0.15])
def test_a_paired_design_has_its_exact_power(effect, correlation):
    both = 0.2 * (0.2 + effect) + correlation * np.sqrt(0.16 * (0.2 + effect) * (0.8 - effect))
    exact = exact_paired(30, 0.2 + effect - both, 0.2 - both)
    found = power(effect=effect, correlation=correlation)
    for verdict, chance in found.chances.items():
        assert chance.low - 0.01 < exact[Verdict(verdict)] < chance.high + 0.01
    assert found.right is (Verdict.SUPPORTED if effect > 0 else Verdict.CONTRADICTED)


def test_a_design_of_other_models_in_each_arm_has_its_exact_power():
    exact = exact_unpaired(30, 0.2, 0.3)
    found = power(paired=False)
    assert found.here.right.low < exact[Verdict.SUPPORTED] < found.here.right.high
    assert found.chances["undecided"].low < exact[Verdict.UNDECIDED] < found.chances["undecided"].high


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("target", [0.8, 0.9])
def test_what_is_enough_is_near_the_textbook_size(paired, target):
    """Of a z-test against the least effect, n = ((z₁ s + z₂ s) / (effect - least))² (Fleiss 1981, chapter 3)."""
    p, q = 0.3, 0.5
    found = power(base=p, effect=q - p, paired=paired, models=100)
    variance = p * (1 - p) + q * (1 - q)  # of a difference, also of independent pairs
    z = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(target)
    (enough,) = [row.at for row in found.enough if row.target == target]
    assert enough is not None
    assert enough.models == pytest.approx(variance * (z / (q - p - 0.02)) ** 2, rel=0.08)
    assert enough.right.estimate >= target
    assert enough.models in {row.models for row in found.curve}


@pytest.mark.parametrize("kinds", [2, 4])
def test_seeds_of_a_model_have_the_intraclass_correlation(kinds):
    """Counts of a model are beta-binomial: α = p (1 - ρ) / ρ, β = (1 - p) (1 - ρ) / ρ."""
    shares = [0.3, 0.7] if kinds == 2 else [0.3, 0.2, 0.0, 0.5]
    counts = design(seeds=6, icc=0.4)._drawn(shares, 1, 20_000, np.random.default_rng(1))[:, 0]
    exact = betabinom.pmf(np.arange(7), 6, 0.3 * 0.6 / 0.4, 0.7 * 0.6 / 0.4)
    assert np.bincount(counts, minlength=7) / 20_000 == pytest.approx(exact, abs=0.012)
    total = design(seeds=6, icc=0.4)._drawn(shares, 10, 20_000, np.random.default_rng(2))[:, 0]
    assert total.var() == pytest.approx(60 * 0.3 * 0.7 * (1 + 5 * 0.4), rel=0.04)


@pytest.mark.parametrize(("icc", "models"), [(0.0, 120), (1.0, 30)])
def test_seeds_are_worth_models_or_nothing_at_the_ends(icc, models):
    many, alone = power(seeds=4, icc=icc), power(models=models)
    assert many.worth == models
    assert abs(many.here.right.estimate - alone.here.right.estimate) < 0.03


def test_more_seeds_help_less_and_less_if_they_are_correlated():
    found = [power(400, models=10, seeds=seeds, icc=0.5) for seeds in (1, 4, 64)]
    chances = [each.here.right.estimate for each in found]
    assert chances[0] < chances[1] < chances[2] < power(models=80).here.right.estimate
    assert found[-1].worth < 10 / 0.5


@pytest.mark.parametrize("facts", [{"models": 200}, {"models": 60, "seeds": 5, "icc": 0.3}, {"paired": False}])
def test_at_the_limit_the_rule_errs_about_as_often_as_its_level_says(facts):
    at_limit = power(**{"models": 200, "correlation": 0.0, **facts}).at_limit
    assert at_limit is not None
    assert at_limit.estimate == pytest.approx(0.025, abs=0.012)


def test_an_effect_between_the_limits_deserves_neither_and_one_at_the_limit_is_never_enough():
    small = power(400, effect=0.0, base=0.01, models=10)
    assert small.right is Verdict.NEITHER
    at_limit = power(100, effect=0.02, models=10)
    assert [row.at for row in at_limit.enough] == [None, None]
    assert "more than 1,000,000" in at_limit.text()


def test_the_search_finds_the_fewest_that_are_enough():
    def tally(models):
        return Counter({Verdict.SUPPORTED: min(models, 1000), Verdict.UNDECIDED: 1000 - min(models, 1000)})

    done = []
    found = Sizes(tally=tally, right=Verdict.SUPPORTED, own=7).explored(done.append)
    assert [row.at.models for row in found["enough"]] == pytest.approx([800, 900], rel=0.03)
    assert all(row.at.models >= 1000 * row.target for row in found["enough"])
    assert sum(done) == 40
    assert found["here"].models == 7
    none = Sizes(tally=tally, right=Verdict.SUPPORTED, own=7, most=600).explored(None)
    assert [row.at for row in none["enough"]] == [None, None]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"base": 1.2}, "base = 1.2 is not valid: it must be a number from 0 to 1."),
        ({"effect": 0.9}, "effect = 0.9 is not valid: it must be a number from -0.2 to 0.8."),
        ({"icc": -0.1}, "icc = -0.1 is not valid: it must be a number from 0 to 1."),
        ({"base": "0.2"}, "base = '0.2' is not valid: it must be a number from 0 to 1."),
        ({"correlation": 0.9}, "correlation = 0.9 is not valid: it must be a number from -0.5 to 0.5."),
        ({"correlation": 0.2, "paired": False}, "correlation = 0.2 is not allowed with arms that are not paired."),
        ({"least": 0}, "least = 0 is not valid: it must be a number above 0."),
        ({"confidence": 1.0}, "confidence = 1.0 is not valid: it must be a number between 0 and 1."),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(given, sentence):
    with pytest.raises(InputError) as error:
        design(**given)
    assert str(error.value) == sentence
