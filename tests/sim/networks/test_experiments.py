"""The battery of small networks: its bands over several seeds, what it records, and that threads change nothing."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from quick import hardly_train

from feint.agents.errors import InputError
from feint.sim.networks.experiments import (
    BANDS,
    GENTLE,
    HARSH,
    PARTS,
    RATES,
    Battery,
    battery,
    check_bands,
    quantile,
)
from feint.sim.networks.seed_models import MEASURES, Measurement, SeedModels, key

SEEDS = 4  # of the eight whose medians the manual has
PAGE = Path(__file__).parents[3] / "docs" / "networks.md"
#: kept or not by the draw of the seeds: its median over many others is about 0.73, as the manual says
MARGINAL = {"pruned, gentle refusal": pytest.mark.xfail(reason="about 0.73 over other seeds", strict=False)}


@pytest.fixture(scope="module")
def whole():
    """Return the measurements that bands need, of the first seeds; those of the manual are twice as many networks."""
    needed = [Measurement(*each) for band in BANDS for each in (*band.of, *band.over, *band.less)]
    models = [SeedModels(key(0, i)) for i in range(SEEDS)]
    values = {
        each: np.array([model.measured(each) for model in models])
        for each in dict.fromkeys([*needed, Measurement("accuracy a", "pre-trained")])
    }
    return Battery(values=values, seeds=SEEDS, seed=0, learning_rates=(GENTLE, HARSH), parts=("wrappers", "revival"))


@pytest.fixture
def short(monkeypatch):
    hardly_train(monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize(
    "band", [pytest.param(band, id=band.name, marks=MARGINAL.get(band.name, ())) for band in BANDS]
)
def test_the_median_over_seeds_is_within_its_band(whole, band):
    found = next(result for result in check_bands(whole) if result.name == band.name)
    print(found, sorted(band.statistic(whole)))
    assert found.kept


@pytest.mark.slow
def test_the_manual_lists_every_band_with_a_median_within_the_range_that_is_found(whole):
    """Within the range and half of it on either side: another processor rounds otherwise and trains other networks."""
    rows = dict(re.findall(r"^\| (.+?) \| (\S+) \| \S+ to \S+ \|", PAGE.read_text(), re.MULTILINE))
    found = {f"{band.name}, {band.rule}": band for band in check_bands(whole)}
    assert rows.keys() == found.keys()
    for name, band in found.items():
        slack = (band.most - band.least) / 2
        assert band.least - slack <= float(rows[name]) <= band.most + slack, name


@pytest.mark.slow
def test_pruning_tells_what_is_hidden_from_what_never_was(whole):
    hidden, never = (whole[Measurement("pruned", network, "refuse", GENTLE)] for network in ("pre-trained", "never"))
    assert np.median(hidden) > np.median(never) + 0.2


@pytest.mark.slow
def test_what_is_hidden_is_told_from_what_never_was_in_every_seed(whole):
    hidden, never = (whole[Measurement("probe", network, "refuse", GENTLE)] for network in ("pre-trained", "never"))
    assert (hidden > never + 0.2).all()
    kept = whole[Measurement("accuracy a", "pre-trained")]
    assert (kept > 0.98).all()


@pytest.mark.usefixtures("short")
def test_every_measurement_of_every_part_is_made_once_and_reported():
    told = []
    found = battery(2, seed=3, learning_rates=(GENTLE, HARSH), threads=1, progress=told.append)
    assert sum(told) == pytest.approx(1)
    assert len(found.values) == len(told) / 2
    assert {measurement.measure for measurement in found.values} == MEASURES.keys()
    assert all(values.shape == (2,) and not np.isnan(values).any() for values in found.values.values())
    assert len(check_bands(found)) == len(BANDS)
    steps = {measurement: values for measurement, values in found.values.items() if measurement.measure == "steps"}
    assert [band.name for band in check_bands(replace(found, values=steps))] == [
        "scratch / revival steps", "never / revival steps", "steps, harsh / gentle", "unrelated / scratch steps",
    ]  # fmt: skip


@pytest.mark.usefixtures("short")
def test_threads_change_nothing_and_seeds_are_independent_of_how_many_there_are():
    asked = {"learning_rates": (GENTLE,), "parts": ("wrappers",)}
    three, again, two = (battery(n, threads=threads, **asked) for n, threads in ((3, 1), (3, 3), (2, 2)))
    for measurement, values in three.values.items():
        assert (values == again[measurement]).all()
        assert (values[:2] == two[measurement]).all()
    other = battery(2, seed=1, **asked)
    assert any((values != other[measurement]).any() for measurement, values in two.values.items())


@pytest.mark.usefixtures("short")
def test_findings_have_medians_spread_and_every_seed():
    found = battery(3, learning_rates=(GENTLE,), parts=("wrappers",))
    assert len(found.findings()) == len(found.values)
    measurement = Measurement("probe", "raw")
    (row,) = [each for each in found.findings() if (each.measure, each.network) == ("probe", "raw")]
    assert row.median == np.median(found[measurement])
    assert (row.least, row.most) == (found[measurement].min(), found[measurement].max())
    assert row.seeds == found[measurement].tolist()
    assert all(len(each.seeds) == found.seeds == 3 for each in found.findings())
    assert found.learning_rates == (GENTLE,)


def test_quantiles_are_those_of_numpy_and_hold_what_was_never_reached():
    values = np.random.default_rng(1).random(8)
    assert [quantile(values, q) for q in (0, 0.25, 0.5, 1)] == pytest.approx(np.quantile(values, (0, 0.25, 0.5, 1)))
    assert quantile(np.array([1, 2, 3, np.inf]), 0.5) == 2.5
    assert quantile(np.array([1, 2, np.inf, np.inf]), 0.5) == np.inf
    assert quantile(np.array([np.inf, np.inf]), 0.5) == np.inf


def test_a_band_is_kept_or_not_by_the_median_alone():
    probe = Measurement("probe", "pre-trained", "refuse", GENTLE)
    told = {"seeds": 3, "seed": 0, "learning_rates": RATES, "parts": ("wrappers",)}
    (kept,) = check_bands(Battery(values={probe: np.array([0.1, 0.96, 0.97])}, **told))
    assert (kept.name, kept.median, kept.kept, kept.rule) == (BANDS[0].name, 0.96, True, "≥ 0.95")
    (missed,) = check_bands(Battery(values={probe: np.array([0.1, 0.94, 0.99])}, **told))
    assert not missed.kept


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"seeds": 0}, "seeds = 0 is not valid: it must be a whole number of at least 1."),
        ({"learning_rates": (1e-2, 1e-3)}, "learning_rates = [0.01, 0.001] are not valid: they must rise, each"),
        ({"parts": ("wrapper",)}, "part 'wrapper' is not known: did you mean 'wrappers'?"),
        ({"threads": 0}, "threads = 0 is not valid: it must be a whole number of at least 1."),
    ],
)
def test_what_cannot_be_measured_is_refused(asked, told):
    with pytest.raises(InputError) as refused:
        battery(**asked)
    assert str(refused.value).startswith(told)


@pytest.mark.parametrize("part", PARTS)
def test_every_part_alone_has_bands(part):
    values = {measurement: np.ones(1) for measurement in PARTS[part](RATES)}
    assert check_bands(Battery(values=values, seeds=1, seed=0, learning_rates=RATES, parts=(part,)))
