"""The figures of wrappers and of revival in real networks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from feint.scenarios.networks.drawing import BLACK, BLUE, GREEN, GREY, ORANGE, level, seeds
from feint.sim.networks.experiments import Battery
from feint.sim.networks.measurement_key import Finding
from feint.sim.networks.revival import TRIED
from feint.sim.networks.wrapper_measurements import READ
from feint.sim.results.figure_style import PAGE_WIDTH, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEIGHT = 2.6  # inches of a row of panels
MEASURED = "learning rate of fine-tuning"
TITLES = {"probe": "Probe of a, last hidden layer", "pruned": "Answers a once pruned"}


@contextmanager
def page(panels: int) -> Iterator[tuple[Figure, list[Axes]]]:
    """A row of panels in the house's look."""
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        drawn = Figure(figsize=(PAGE_WIDTH, HEIGHT), layout="constrained")
        yield drawn, list(drawn.subplots(1, panels))
        sns.despine(drawn)


def wrappers_figure(found: Battery) -> Figure:
    """Accuracy, probe and pruning against the learning rate of fine-tuning; a point is a seed, a line its medians."""
    with page(3) as (drawn, (answers, probed, pruned)):
        _answers(answers, found)
        for axes, measure in ((probed, READ[0]), (pruned, READ[1])):
            _after(axes, found, measure)
        for axes in (answers, probed, pruned):
            axes.set(xscale="log", xlabel=MEASURED, ylim=(-0.03, 1.03))
        answers.set_ylabel("accuracy")
    return drawn


def _answers(axes: Axes, found: Battery) -> None:
    rates = found.learning_rates
    for measure, colour, style, label, shift in (
        ("accuracy a", ORANGE, "o-", "count of a (refused)", -0.05),
        ("accuracy b", BLUE, "s--", "count of b", 0.0),
        ("accuracy largest", GREEN, "^:", "largest token", 0.05),
    ):
        values = [found[Finding(measure, "pre-trained", "refuse", rate)] for rate in rates]
        seeds(axes, rates, values, colour, style, label, shift)
    axes.set_title("Answers after refusal", loc="left")
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(0, 0.45))


def _after(axes: Axes, found: Battery, measure: str) -> None:
    rates = found.learning_rates
    for tuned, colour, style, label, shift in (
        ("refuse", ORANGE, "o-", "refuses a", -0.03),
        ("relabel", BLUE, "s--", "answers b to a", 0.03),
    ):
        values = [found[Finding(measure, "pre-trained", tuned, rate)] for rate in rates]
        seeds(axes, rates, values, colour, style, label, shift)
    level(axes, found[Finding(measure, "never", "refuse", rates[0])], GREY, "-.", "never had it")
    if measure == "probe":
        level(axes, found[Finding(measure, "raw")], BLACK, ":", "raw input")
    axes.set_title(TITLES[measure], loc="left")
    axes.legend(frameon=False, loc="lower left" if measure == "probe" else "upper right")


def revival_figure(found: Battery) -> Figure:
    """Steps to 95 % after fine-tuning, through another prompt, and after unrelated pre-training."""
    with page(3) as (drawn, (back, elsewhere, unrelated)):
        _back(back, found)
        _elsewhere(elsewhere, found)
        _unrelated(unrelated, found)
        for axes in (back, elsewhere, unrelated):
            axes.set(yscale="log", ylim=(0.8, 40_000))
        back.set_ylabel("steps to 95 % right")
    return drawn


def _back(axes: Axes, found: Battery) -> None:
    rates = found.learning_rates
    for kind, colour, style, label, shift in (
        (("pre-trained", "refuse"), ORANGE, "o-", "refused a", -0.04),
        (("pre-trained", "relabel"), BLUE, "s--", "answered b", 0.0),
        (("never", "refuse"), GREY, "^-.", "never had it", 0.04),
    ):
        seeds(axes, rates, [found[Finding("steps", *kind, rate)] for rate in rates], colour, style, label, shift)
    level(axes, found[Finding("steps", "scratch", rate=TRIED[0])], BLACK, ":", "from scratch")
    axes.set(xscale="log", xlabel=MEASURED)
    axes.set_title("Back to the count of a", loc="left")
    axes.legend(frameon=False, loc="lower right", borderpad=0)


def _elsewhere(axes: Axes, found: Battery) -> None:
    rate = found.learning_rates[0]
    kinds = {
        "refused a": (Finding("steps elsewhere", "pre-trained", "refuse", rate), ORANGE),
        "never had it": (Finding("steps elsewhere", "never", "refuse", rate), GREY),
        "from scratch": (Finding("steps elsewhere", "scratch"), BLACK),
    }
    for x, (finding, colour) in enumerate(kinds.values()):
        seeds(axes, [10.0**x], [found[finding]], colour, "o", "")
    axes.set(xscale="log", xlim=(0.3, 300))
    axes.set_xticks([1, 10, 100], [name.replace(" ", "\n", 1) for name in kinds])
    axes.minorticks_off()
    axes.tick_params(axis="x", length=0)
    axes.set_title("Through another prompt", loc="left")


def _unrelated(axes: Axes, found: Battery) -> None:
    for network, colour, style, label, shift in (
        ("scratch", BLACK, "o:", "from scratch", -0.02),
        ("never", GREY, "^-.", "pre-trained on others", 0.02),
    ):
        values = [found[Finding("steps", network, rate=rate)] for rate in TRIED]
        seeds(axes, TRIED, values, colour, style, label, shift)
    axes.set(xscale="log", xlabel="learning rate")
    axes.set_title("After unrelated pre-training", loc="left")
    axes.legend(frameon=False, loc="lower left")
