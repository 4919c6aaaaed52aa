"""Revival in real networks: how soon a capability that fine-tuning hid is back.

The claim. Further training on a task for which a wrapped capability is relevant revives it within few steps, so that a
safety wrapper comes off cheaply, also by accident; and a capability that never was there takes as long as ever.

The experiment. Networks as in wrappers. After fine-tuning each is trained on the prompt for the count of a, with the
right answers, until 95 % are right: against networks from scratch, and against networks that were pre-trained and
fine-tuned in the same way but never on that prompt. Then the same through another prompt, one that no training had
shown: is the count of a learnt quickly there, and is its own prompt answered again? Last, ossification: learning the
count of a after pre-training on the other prompts against learning it from scratch, each at the best of the learning
rates tried.

What would count against it. A revival that takes as long as learning from scratch; or a network that never had the
capability and learns it as fast.

Sources: Jain et al. (ICLR 2024), arXiv:2311.12786; Hernandez et al., "Scaling laws for transfer" (2021),
arXiv:2102.01293, for ossification.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from feint.scenarios.networks.seeds import BLACK, BLUE, GREY, ORANGE, BatteryReport, draw_level, draw_seeds, loss
from feint.sim.networks.experiments import ARMS, CORRELATIONS, COVERAGES, TRIED
from feint.sim.networks.seed_models import Measurement
from feint.sim.networks.task import COVERAGE
from feint.sim.results.report import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SCRATCH = Measurement("steps", "scratch", rate=TRIED[0])


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class NetworksRevival(BatteryReport):
    """How soon real networks have a hidden capability back."""

    scenario: Literal["networks-revival"] = "networks-revival"

    parts = ("revival", "slowing")

    def tables(self) -> list[Table]:
        """Return steps by learning rate, through another prompt, by coverage and C, and after other pre-training."""
        return [self.by_rate(), self.elsewhere(), self.by_data(), self.after_unrelated()]

    def by_rate(self) -> Table:
        """Return the steps back to 95 %."""
        kinds = (("pre-trained", "refuse"), ("pre-trained", "relabel"), ("never", "refuse"))
        rows = [
            [f"{rate:g}", *self.steps(*(Measurement("steps", *kind, rate) for kind in kinds))]
            for rate in self.learning_rates
        ]
        scratch = ["from scratch", *self.steps(SCRATCH), "", ""]
        return Table.of_cells(("steps to 95 %, rate", "refused", "answers b", "never"), [*rows, scratch])

    def elsewhere(self) -> Table:
        """Return the steps through a prompt that no training had shown."""
        gentle = self.learning_rates[0]
        steps = [Measurement("steps elsewhere", network, "refuse", gentle) for network in ("pre-trained", "never")]
        taken = self.steps(*steps, Measurement("steps elsewhere", "scratch"))
        after = self.shares(*(measurement._replace(measure="accuracy a after") for measurement in steps))
        rows = [["steps to 95 %", *taken], ["own prompt then", *after, ""]]
        return Table.of_cells(("another prompt", "refused", "never", "from scratch"), rows)

    def by_data(self) -> Table:
        """Return the steps by coverage and by C, after gentle fine-tuning."""
        refused = partial(Measurement, "steps", "pre-trained", "refuse", self.learning_rates[0])
        relabelled = partial(Measurement, "steps", "pre-trained", "relabel", self.learning_rates[0], COVERAGE)
        kinds = {f"refused, coverage {coverage:g}": refused(coverage) for coverage in (COVERAGE, *COVERAGES)}
        kinds |= {f"answers b, C {C:g}": relabelled(C) for C in (0.0, *CORRELATIONS)}
        rows = [[name, *self.steps(measurement)] for name, measurement in kinds.items()]
        return Table.of_cells(("gentle", "steps to 95 %"), rows)

    def after_unrelated(self) -> Table:
        """Return how fast the capability is learnt at the rates that were tried."""
        rows = []
        for rate in TRIED:
            taken = self.steps(*(Measurement("steps", network, rate=rate) for network in ARMS))
            left = [loss(self.battery[Measurement("loss", network, rate=rate)]) for network in ARMS]
            rows.append([f"{rate:g}", *taken, *left])
        return Table.of_cells(
            ("learning, rate", "scratch", "after unrelated", "loss, scratch", "loss, unrelated"), rows
        )

    def draw(self, panels: Any) -> None:
        """Draw steps to 95 % after fine-tuning, through another prompt, and after unrelated pre-training."""
        back, elsewhere, unrelated = panels[0]
        self.draw_back(back)
        self.draw_elsewhere(elsewhere)
        self.draw_unrelated(unrelated)
        for axes in (back, elsewhere, unrelated):
            axes.set(yscale="log", ylim=(0.8, 40_000))
        back.set_ylabel("steps to 95 % right")

    def draw_back(self, axes: Axes) -> None:
        """Draw the steps back to the count of a, by learning rate of fine-tuning."""
        lines = {
            "refused a": (partial(Measurement, "steps", "pre-trained", "refuse"), ORANGE, "o-", -0.04),
            "answered b": (partial(Measurement, "steps", "pre-trained", "relabel"), BLUE, "s--", 0.0),
            "never had it": (partial(Measurement, "steps", "never", "refuse"), GREY, "^-.", 0.04),
        }
        self.draw_lines(axes, self.learning_rates, lines)
        draw_level(axes, self.battery[SCRATCH], BLACK, ":", "from scratch")
        axes.set(xscale="log", xlabel="learning rate of fine-tuning")
        axes.set_title("Back to the count of a", loc="left")
        axes.legend(frameon=False, loc="lower right", borderpad=0)

    def draw_elsewhere(self, axes: Axes) -> None:
        """Draw the steps to the count of a through another prompt."""
        rate = self.learning_rates[0]
        kinds = {
            "refused\na": (Measurement("steps elsewhere", "pre-trained", "refuse", rate), ORANGE),
            "never\nhad it": (Measurement("steps elsewhere", "never", "refuse", rate), GREY),
            "from\nscratch": (Measurement("steps elsewhere", "scratch"), BLACK),
        }
        for x, (measurement, colour) in enumerate(kinds.values()):
            draw_seeds(axes, [10.0**x], [self.battery[measurement]], colour, "o", "")
        axes.set(xscale="log", xlim=(0.3, 300))
        axes.set_xticks([1, 10, 100], list(kinds))
        axes.minorticks_off()
        axes.tick_params(axis="x", length=0)
        axes.set_title("Through another prompt", loc="left")

    def draw_unrelated(self, axes: Axes) -> None:
        """Draw the steps to the count of a after unrelated pre-training, and from scratch."""
        lines = {
            "from scratch": (lambda rate: Measurement("steps", "scratch", rate=rate), BLACK, "o:", -0.02),
            "pre-trained on others": (lambda rate: Measurement("steps", "never", rate=rate), GREY, "^-.", 0.02),
        }
        self.draw_lines(axes, TRIED, lines)
        axes.set(xscale="log", xlabel="learning rate")
        axes.set_title("After unrelated pre-training", loc="left")
        axes.legend(frameon=False, loc="lower left")
