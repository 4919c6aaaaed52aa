"""Figures of comparisons, ensembles and trajectories show what was found."""

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from feint.agents.outcome import LABELS, Outcome
from feint.sim.ensembles.comparison import compare
from feint.sim.ensembles.comparison_figure import percent
from feint.sim.ensembles.ensemble import simulate
from feint.sim.ensembles.protocols import ARM_NAMES, FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.training.curriculum import pretrain_finetune
from feint.sim.training.replay import LINES, replay

SHORT = pretrain_finetune({"steps": 1500}, {"steps": 1500})


@pytest.fixture(scope="module")
def found():
    return compare(SHORT, runs=300, seed=3)


@pytest.fixture(scope="module")
def drawn(found):
    return found.figure()


@pytest.mark.parametrize(("bars", "arm"), [(0, FROM_SCRATCH), (1, PRETRAIN_FINETUNE)])
def test_the_bars_are_the_frequencies_of_their_arm(found, drawn, bars, arm):
    widths = [bar.get_width() for bar in drawn.axes[0].containers[bars]]
    assert widths == pytest.approx([found.frequency(arm, outcome).estimate for outcome in Outcome])
    assert drawn.axes[0].get_legend().get_texts()[bars].get_text() == ARM_NAMES[arm]


def test_the_whiskers_are_the_intervals(found, drawn):
    whiskers = [each for each in drawn.axes[0].containers if hasattr(each, "has_xerr")]
    for arm, each in zip(found.arms, whiskers, strict=True):
        (lines,) = each.lines[2]
        ends = [(segment[0][0], segment[1][0]) for segment in lines.get_segments()]
        intervals = [found.frequency(arm, outcome) for outcome in Outcome]
        assert np.array(ends) == pytest.approx(np.array([(each.low, each.high) for each in intervals]))


def test_the_title_gives_the_difference_and_its_interval(found, drawn):
    difference = found.difference()
    title = drawn.axes[0].get_title()
    assert all(f"{number:+.3f}" in title for number in (difference.estimate, difference.low, difference.high))


def test_the_columns_of_the_flow_are_the_outcomes_before_and_after(found, drawn):
    labels = [label.get_text() for label in drawn.axes[1].texts]
    wanted = [
        f"{name} {percent(count / 300)}"
        for stage in (0, 1)
        for name, count in found.pretrained.counts(stage).items()
        if count
    ]
    assert labels == wanted


def test_the_ribbons_of_the_flow_are_the_transitions(found, drawn):
    shares = found.transitions().to_numpy() / 300
    ribbons = [each.get_paths()[0].vertices for each in drawn.axes[1].collections]
    heights = [np.ptp(points[np.isclose(points[:, 0], 0), 1]) for points in ribbons]
    assert heights == pytest.approx([share for share in shares.ravel() if share])


def test_the_legend_is_not_over_the_bars():
    """Also where the lowest bars are long."""
    everything = compare(SHORT.replace({"finetuning": {"steps": 1}}), runs=50, seed=3)
    sheet = everything.figure()
    sheet.canvas.draw()
    bars = sheet.axes[0]
    legend = bars.get_legend()
    assert legend is not None
    assert not legend.get_window_extent().overlaps(bars.get_window_extent())


def test_the_chart_of_an_ensemble_shows_each_stage_in_its_panel():
    ensemble = simulate(SHORT, runs=200, seed=3)
    panels = ensemble.figure().axes
    for i, panel in enumerate(panels):
        widths = [bar.get_width() for bar in panel.patches if isinstance(bar, Rectangle)]
        assert widths == pytest.approx([ensemble.counts(i)[label] / 200 for label in LABELS])
        assert ensemble.curriculum.names[i] in panel.get_title()
    assert panels[0].get_title() != panels[1].get_title()


def test_the_chart_of_a_trajectory_shows_its_readings():
    trajectory = replay(SHORT, run=2, every=50)
    for i, panel in enumerate(trajectory.figure().axes):
        readings = trajectory.readings(i)
        for line, name in zip(panel.lines, LINES, strict=False):
            np.testing.assert_allclose(np.asarray(line.get_xdata()), trajectory.states[i].taken)
            np.testing.assert_allclose(np.asarray(line.get_ydata()), getattr(readings, name))
