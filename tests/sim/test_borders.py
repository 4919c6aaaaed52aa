"""Borders of planted functions in place of the engine: coverage, width against a grid, laws, branches, bad input."""

import numpy as np
import pytest
from scipy.special import ndtr

from feint.agents.errors import InputError
from feint.sim.analysis.boundary import BoundaryRequest, boundary
from feint.sim.analysis.level_sets import SIDE, LevelSet, columns, followed, lattice
from feint.sim.training.curriculum import from_scratch

pytestmark = pytest.mark.filterwarnings("ignore:The balance properties of Sobol")
RUNS, POINTS = 50, 256
SEEDS = range(3)  # of the twenty whose coverage the manual has
GATE, LEARNT = "plasticity_gate", "identification"  # both with logarithmic priors, 0.2 to 20 and 0.01 to 100


def curve(x):
    """A border across the square."""
    return 0.3 + 0.4 * x**2


def rising(width):
    """A frequency that rises across the border within about this width."""
    return lambda places: ndtr((places[:, 1] - curve(places[:, 0])) / width)


def drawn(chance, runs, seed, lost=0.0):
    """A function that counts runs of a planted chance, to which a share `lost` in favour of the other arm is added."""
    rng = np.random.default_rng((seed, 7))

    def counts(places):
        p = chance(places)
        shares = np.stack([p + lost, np.full(len(p), lost), 1 - p - 2 * lost], axis=1)
        return np.column_stack([rng.multinomial(runs, shares)[:, :2], np.full(len(places), runs)]).astype(float)

    return counts


def bands(known, seed=0):
    """The border's limits in the columns that are crossed once, by the column's place (columns, 3)."""
    places = lattice().reshape(SIDE, SIDE, 2)[::2]  # every other column: neighbours are known nearly as one
    found = columns(known.draws(places.reshape(-1, 2), seed).reshape(-1, len(places), SIDE))
    once = [line for line in found if line.share >= 0.95 and line.crossings.shape[1] == 1]
    return np.array([[line.at, *np.quantile(line.crossings[:, 0], (0.025, 0.975))] for line in once])


def covered(known):
    """The share of columns in which the planted border is in its band; it must be known in most."""
    at, low, high = bands(known).T
    assert len(at) > 0.6 * SIDE / 2
    return float(np.mean((low <= curve(at)) & (curve(at) <= high)))


@pytest.mark.parametrize(("width", "lost", "level"), [(0.15, None, 0.5), (0.04, None, 0.5), (0.15, 0.1, 0.3)])
def test_a_planted_border_is_within_its_band(width, lost, level):
    """Nominally 95 %, over columns that are correlated within a seed."""
    shares, scale = [], 1.0 if lost is None else 2 * level
    for seed in SEEDS:
        counts = drawn(lambda places: scale * rising(width)(places), RUNS, seed, lost or 0.0)
        known = followed(counts, level, points=POINTS, runs=RUNS, paired=lost is not None, seed=seed)
        assert 0.8 < known.misfit() < 1.25
        shares.append(covered(known))
    assert np.mean(shares) > 0.85


@pytest.mark.slow
@pytest.mark.parametrize("width", [pytest.param(0.1, marks=pytest.mark.whole), 0.04])
def test_a_tenth_of_the_runs_of_a_grid_gives_the_same_width(width):
    """By the same process, from a grid of 20 × 20; 10 % are left to chance, since each width is an estimate."""
    middles, seeds = (np.arange(20) + 0.5) / 20, (1, 2, 3)
    chosen = [followed(drawn(rising(width), RUNS, seed), 0.5, points=POINTS, runs=RUNS, seed=seed) for seed in seeds]
    places = np.array([(x, y) for x in middles for y in middles])
    grid = LevelSet(0.5, paired=False)
    grid.learn(places, drawn(rising(width), 10 * POINTS * RUNS // len(places), 1)(places))
    assert grid.counts[:, 2].sum() == 10 * chosen[0].counts[:, 2].sum()
    narrow, wide = ([float(np.mean(np.diff(bands(known)[:, 1:]))) for known in each] for each in (chosen, [grid]))
    assert np.mean(narrow) < 1.1 * wide[0]


@pytest.fixture
def plant(monkeypatch):
    """Return a function that puts a chance of the values of both premises in place of the engine."""

    def planted(chance):
        def trained(self, values, first):
            rng = np.random.default_rng((self.seed, first))
            return [rng.binomial(self.runs, chance(*map(float, values))), 0, self.runs]

        monkeypatch.setattr(BoundaryRequest, "_trained", trained)

    return planted


def of(x=GATE, y=LEARNT, **more):
    return boundary(x, y, of="deceptive", **{"points": 128, "seed": 1, "threads": 1, **more})


def law_of(found):
    assert found.law is not None
    return found.law


@pytest.mark.parametrize("turned", [False, True])
def test_a_power_law_is_found_with_its_exponent(plant, turned):
    """Also if the border is too steep to be known along x."""

    def chance(gate, learnt):
        return ndtr(np.log(learnt / (0.5 * gate**0.7)))

    def steep(learnt, gate):
        return ndtr(np.log(gate / (60 * learnt**1.4)))

    plant(steep if turned else chance)
    found = of(LEARNT, GATE, within={LEARNT: (0.01, 1.0)}) if turned else of()
    law = law_of(found)
    assert (law.form, law.describes) == ("power law", True)
    assert "A power law describes it: " in " ".join(found.text().split())
    exponent = {"x": 1.4 if turned else 0.7, "y": 1 / 1.4}[found.along]
    assert law.slope.estimate == pytest.approx(exponent, rel=0.1)
    assert abs(law.slope.estimate - exponent) < 2 * law.slope.half_width


def test_a_border_that_bends_on_logarithmic_axes_is_no_power_law(plant):
    plant(lambda gate, learnt: ndtr(np.log(learnt / 0.3) - 0.4 * np.log(gate / 2) ** 2))
    law = law_of(of())
    assert not law.describes
    assert law.slope_first.high < 0 < law.slope_last.low
    assert law.curvature.low <= 0.4 <= law.curvature.high


def test_axes_give_the_law_its_form(plant):
    plant(lambda x, y: ndtr((y - 0.2 - 0.6 * x) / 0.2))
    found = of("similarity", "shielding", within={"shielding": (0.0, 1.0)})
    assert (law_of(found).form, law_of(found).describes) == ("straight line", True)
    assert law_of(found).slope.estimate == pytest.approx(0.6, abs=0.1)
    ranges = {"similarity": (0.1, 0.9), "shielding": (0.0, 1.0)}
    scaled = of("similarity", "shielding", within=ranges, scale={"similarity": "log"})
    assert law_of(scaled).form == "logarithmic law"


def test_a_border_of_two_branches_has_two_rows_per_line(plant):
    plant(lambda x, y: float(np.exp(-(((np.log(y)) / 2) ** 2))) + 0 * x)
    found = of()
    assert found.several > 0.8 * found.lines
    assert found.law is None
    assert {row.branch for row in found.border} == {0, 1}
    assert f"At {found.several} of them it has more than one identification." in " ".join(found.text().split())
    limits = [np.log(row.border.estimate) for row in found.border]
    assert np.abs(limits) == pytest.approx(2 * np.log(2) ** 0.5, abs=0.4)
    assert found.figure()


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_no_crossing_is_a_sentence(plant, share):
    plant(lambda *_: share)
    found = of(points=48)
    assert found.border == []
    assert found.law is None
    assert "Nowhere does it cross 0.5: it is between " in found.text()
    assert found.lowest - 0.1 < share < found.highest + 0.1
    assert found.figure()


def test_results_do_not_depend_on_threads():
    few = {"points": 32, "runs": 4}
    documents = [of("similarity", GATE, **few, threads=threads).document() for threads in (1, 2)]
    assert documents[0] == documents[1]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"x": "plasticty_gate"}, "parameter to vary 'plasticty_gate' is not known: did you mean 'plasticity_gate'?"),
        ({"x": "steps"}, "steps: it is a parameter of a stage: write pretraining.steps or finetuning.steps."),
        ({"x": "modes"}, "modes has no prior: give its range, as in --within 'modes=[1, 10]'."),
        ({"y": GATE}, "y = 'plasticity_gate' is the same premise as x: name another one."),
        ({"of": "deception"}, "of 'deception' is not known: did you mean 'deceptive'?"),
        ({"of": "deceptive", "level": 0.0}, "level = 0.0 is not valid for deceptive: it must be between 0 and 1."),
        ({"level": -1.5}, "level = -1.5 is not valid for difference: it must be between -1 and 1."),
        ({"arm": "scratch"}, "arm 'scratch' is not known: did you mean 'from_scratch'?"),
        ({"points": 3}, "points = 3 is not valid: it must be a whole number from 32 to 2,048."),
        ({"within": {GATE: 3}}, "within: plasticity_gate = 3 is not valid: it must be two numbers, [LOW, HIGH]."),
        ({"within": {GATE: [2, 1]}}, "plasticity_gate: low = 2.0 must be no more than high = 1.0."),
        ({"within": {"similarity": [0, 1]}}, "premise of the axes 'similarity' is not known"),
        ({"within": {GATE: [-2, 1]}, "scale": {GATE: "linear"}}, "plasticity_gate = -2.0 is not valid for a model"),
        ({"scale": {GATE: "logs"}}, "scale: plasticity_gate = 'logs' is not valid: it must be log or linear."),
        ({"curriculum": from_scratch()}, "curriculum has the one stage 'finetuning'"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(given, sentence):
    with pytest.raises(InputError) as error:
        boundary(**{"x": GATE, "y": LEARNT, "points": 32, "runs": 1, **given})
    assert str(error.value).startswith(sentence)
    assert "\n" not in str(error.value)
