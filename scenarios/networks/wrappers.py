"""Wrappers in real networks: what fine-tuning did to a capability that it made disappear.

The claim. Fine-tuning rarely alters the capabilities that pre-training gave. It learns a thin wrapper on top of them,
so that a capability seems to be gone: a probe still reads it, and pruning a few units brings it back. A large learning
rate, and a capability that pre-training rarely showed, are the exceptions.

The experiment. Small networks learn three prompts on strings; then the prompt for the count of token a, modulo 3, must
be refused, or answered with the count of token b. We measure, at several learning rates, the accuracy on each prompt, a
linear probe of the count of a in the last hidden layer, and the accuracy once up to 8 units are pruned, chosen by the
loss on other labelled strings. They are compared with networks that never had the capability, a random one, and the raw
input. Then coverage in pre-training is reduced, and spurious correlation C added to relabelling.

What would count against it. A probe or pruning that does as well on networks that never had the capability; or a gentle
learning rate after which neither finds it.

Source: Jain et al., "Mechanistically analyzing the effects of fine-tuning on procedurally defined tasks" (ICLR 2024),
arXiv:2311.12786. These networks are three orders of magnitude smaller than its smallest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from feint.scenarios.networks.seeds import BLACK, BLUE, GREEN, GREY, ORANGE, BatteryReport, draw_level
from feint.sim.networks.experiments import ACCURACIES, CORRELATIONS, COVERAGES, READ
from feint.sim.networks.seed_models import Measurement
from feint.sim.networks.task import COVERAGE
from feint.sim.results.report import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLES = {"probe": "Probe of a, last hidden layer", "pruned": "Answers a once pruned"}
RELABELLED = ("accuracy a", "accuracy new", "accuracy b", "accuracy largest", *READ)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class NetworksWrappers(BatteryReport):
    """What fine-tuning did to real networks."""

    scenario: Literal["networks-wrappers"] = "networks-wrappers"

    parts = ("wrappers",)

    def tables(self) -> list[Table]:
        """Return what was measured before fine-tuning, by learning rate, by coverage and by C."""
        gentle = self.learning_rates[0]
        never = ["", "", "", *self.shares(*(Measurement(name, "never", "refuse", gentle) for name in READ))]
        probes = self.shares(*(Measurement("probe", name) for name in ("pre-trained", "never", "random", "raw")))
        return [
            Table.of_cells(
                ("no fine-tuning", "pre-trained", "never had it", "random", "raw input"), [["probe of a", *probes]]
            ),
            Table.of_cells(
                ("refuse, rate", "a", "b", "largest", "probe", "pruned"),
                [*self.by_rate("refuse", (*ACCURACIES, *READ)), [f"never, {gentle:g}", *never]],
            ),
            Table.of_cells(
                ("answer b, rate", "a", "new", "b", "largest", "probe", "pruned"), self.by_rate("relabel", RELABELLED)
            ),
            self.by_coverage(),
            self.by_correlation(),
        ]

    def by_rate(self, tuned: str, measures: tuple[str, ...]) -> list[list[str]]:
        """Return one row per learning rate of fine-tuning."""
        return [
            [f"{rate:g}", *self.shares(*(Measurement(name, "pre-trained", tuned, rate) for name in measures))]
            for rate in self.learning_rates
        ]

    def by_coverage(self) -> Table:
        """Return what coverage in pre-training changes, after gentle refusal."""
        rows = []
        for coverage in (COVERAGE, *COVERAGES):
            before = Measurement("accuracy a", "pre-trained", coverage=coverage)
            tuned = ("pre-trained", "refuse", self.learning_rates[0], coverage)
            after = (Measurement(name, *tuned) for name in ("accuracy a", *READ))
            rows.append([f"{coverage:g}", *self.shares(before, *after)])
        return Table.of_cells(("refuse, coverage", "a before", "a", "probe", "pruned"), rows)

    def by_correlation(self) -> Table:
        """Return what spurious correlation changes, after gentle relabelling."""
        rows = []
        for C in (0.0, *CORRELATIONS):
            tuned = ("pre-trained", "relabel", self.learning_rates[0], COVERAGE, C)
            after = (Measurement(name, *tuned) for name in ("accuracy a", "accuracy new", *READ))
            rows.append([f"{C:g}", *self.shares(*after)])
        return Table.of_cells(("answer b, C", "a", "new", "probe", "pruned"), rows)

    def draw(self, panels: Any) -> None:
        """Draw accuracy, probe and pruning against the learning rate of fine-tuning."""
        answers, probed, pruned = panels[0]
        self.draw_answers(answers)
        self.draw_hidden(probed, "probe")
        self.draw_hidden(pruned, "pruned")
        for axes in (answers, probed, pruned):
            axes.set(xscale="log", xlabel="learning rate of fine-tuning", ylim=(-0.03, 1.03))
        answers.set_ylabel("accuracy")

    def refused(self, measure: str) -> Callable[[float], Measurement]:
        """Return the measurement after refusal, as a function of the learning rate."""
        return partial(Measurement, measure, "pre-trained", "refuse")

    def draw_answers(self, axes: Axes) -> None:
        """Draw how networks answer each prompt after refusal."""
        lines = {
            "count of a (refused)": (self.refused("accuracy a"), ORANGE, "o-", -0.05),
            "count of b": (self.refused("accuracy b"), BLUE, "s--", 0.0),
            "largest token": (self.refused("accuracy largest"), GREEN, "^:", 0.05),
        }
        self.draw_lines(axes, self.learning_rates, lines)
        axes.set_title("Answers after refusal", loc="left")
        axes.legend(frameon=False, loc="center left", bbox_to_anchor=(0, 0.45))

    def draw_hidden(self, axes: Axes, measure: str) -> None:
        """Draw what a probe reads, or pruning brings back, and the same of networks that never had the capability."""
        lines = {
            "refuses a": (self.refused(measure), ORANGE, "o-", -0.03),
            "answers b to a": (partial(Measurement, measure, "pre-trained", "relabel"), BLUE, "s--", 0.03),
        }
        self.draw_lines(axes, self.learning_rates, lines)
        never = self.battery[Measurement(measure, "never", "refuse", self.learning_rates[0])]
        draw_level(axes, never, GREY, "-.", "never had it")
        if measure == "probe":
            draw_level(axes, self.battery[Measurement(measure, "raw")], BLACK, ":", "raw input")
        axes.set_title(TITLES[measure], loc="left")
        axes.legend(frameon=False, loc="lower left" if measure == "probe" else "upper right")
