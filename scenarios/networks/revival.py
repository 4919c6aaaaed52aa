"""Revival in real networks: how soon a capability that fine-tuning hid is back.

The claim. Further training on a task for which a wrapped capability is relevant revives it within few steps, so that a
safety wrapper comes off cheaply, also by accident; and what never was there takes as long as ever.

The experiment. Networks as in wrappers. After fine-tuning each is trained on the prompt for the count of a, with the
right answers, until 95 % are right: against networks from scratch, and against networks that were pre-trained and
fine-tuned alike but never on that prompt. Then the same through another prompt, one that no training had shown: does
the count of a come quickly there, and does its own prompt answer again? Last, ossification: learning the count of a
after pre-training on the other prompts against learning it from scratch, each at the best of the learning rates tried.

What would count against it. A revival that takes as long as learning anew; or a network that never had the capability
and learns it as fast.

Sources: Jain et al. (ICLR 2024), arXiv:2311.12786; Hernandez et al., "Scaling laws for transfer" (2021),
arXiv:2102.01293, for ossification.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from feint.scenarios.experiments import Asked
from feint.scenarios.networks.asked import bands_text, heading, loss, measured, share, steps, table
from feint.scenarios.networks.documents import NetworksRevivalDocument, told
from feint.sim.networks.experiments import Battery
from feint.sim.networks.measurement_key import Finding
from feint.sim.networks.revival import TRIED
from feint.sim.networks.task import COVERAGE
from feint.sim.networks.wrapper_measurements import CORRELATIONS, COVERAGES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "networks-revival"


def run(asked: Asked) -> Revived:
    """Train and measure; `runs` are seeds, and `learning_rates` may be set."""
    return Revived(battery=measured(asked, "revival", "slowing"))


@dataclass(frozen=True, kw_only=True, eq=False)
class Revived:
    """What the experiment gives."""

    battery: Battery

    def text(self) -> str:
        """In words, for a terminal of 80 columns."""
        found = self.battery
        return "\n\n".join([heading(found.seeds, found.seed), *tables(found), bands_text(found)])

    def document(self) -> NetworksRevivalDocument:
        """As its JSON document."""
        return NetworksRevivalDocument.model_validate(told(NAME, self.battery))

    def figure(self) -> Figure:
        """Drawn."""
        from feint.scenarios.networks.figures import revival_figure

        return revival_figure(self.battery)

    def passport(self) -> dict[str, Any]:
        """What is needed to make it again."""
        return self.battery.passport()


def tables(found: Battery) -> list[str]:
    """Steps by learning rate, through another prompt, by coverage and C, and after unrelated pre-training."""
    return [by_rate(found), elsewhere(found), by_data(found), after_unrelated(found)]


def by_rate(found: Battery) -> str:
    """Steps back to 95 %."""
    kinds = {
        "refused": ("pre-trained", "refuse"),
        "answers b": ("pre-trained", "relabel"),
        "never": ("never", "refuse"),
    }
    rows = [["steps to 95 %, rate", *kinds]]
    rows += [
        [f"{rate:g}", *(steps(found[Finding("steps", *kind, rate)]) for kind in kinds.values())]
        for rate in found.learning_rates
    ]
    return table([*rows, ["from scratch", steps(found[Finding("steps", "scratch", rate=TRIED[0])]), "", ""]])


def elsewhere(found: Battery) -> str:
    """Through a prompt that no training had shown."""
    gentle = found.learning_rates[0]
    kinds = [Finding("", network, "refuse", gentle) for network in ("pre-trained", "never")]
    kinds.append(Finding("", "scratch"))
    taken = [steps(found[kind._replace(measure="steps elsewhere")]) for kind in kinds]
    after = [share(found[kind._replace(measure="accuracy a after")]) for kind in kinds[:-1]]
    rows = [["another prompt", "refused", "never", "from scratch"], ["steps to 95 %", *taken]]
    return table([*rows, ["own prompt then", *after, ""]])


def by_data(found: Battery) -> str:
    """By coverage and by C, after gentle fine-tuning."""
    gentle = found.learning_rates[0]
    covered = [Finding("steps", "pre-trained", "refuse", gentle, each) for each in (COVERAGE, *COVERAGES)]
    given = [Finding("steps", "pre-trained", "relabel", gentle, COVERAGE, each) for each in (0.0, *CORRELATIONS)]
    rows = [[f"refused, coverage {each.coverage:g}", steps(found[each])] for each in covered]
    rows += [[f"answers b, C {each.correlation:g}", steps(found[each])] for each in given]
    return table([["gentle", "steps to 95 %"], *rows])


def after_unrelated(found: Battery) -> str:
    """Learning the capability at the rates that were tried."""
    rows = [["learning, rate", "scratch", "after unrelated", "loss, scratch", "loss, unrelated"]]
    for rate in TRIED:
        taken = [steps(found[Finding("steps", network, rate=rate)]) for network in ("scratch", "never")]
        left = [loss(found[Finding("loss", network, rate=rate)]) for network in ("scratch", "never")]
        rows.append([f"{rate:g}", *taken, *left])
    return table(rows)
