"""Wrappers in real networks: what fine-tuning did to a capability that it made disappear.

The claim. Fine-tuning rarely alters the capabilities that pre-training gave. It learns a thin wrapper on top of them,
so that a capability seems to be gone: a probe still reads it, and pruning a few units brings it back. A large learning
rate, and a capability that pre-training rarely showed, are the exceptions.

The experiment. Small networks learn three prompts on strings; then the prompt for the count of token a, modulo 3, must
be refused, or answered with the count of token b. At several learning rates: accuracy on each prompt, a linear probe of
the count of a in the last hidden layer, and accuracy once up to 8 units are pruned, chosen by the loss on labelled
strings apart. Beside them networks that never had the capability, a random one, and the raw input. Then less coverage
in pre-training, and spurious correlation C in relabelling.

What would count against it. A probe or pruning that does as well on networks that never had the capability; or a gentle
learning rate after which neither finds it.

Source: Jain et al., "Mechanistically analyzing the effects of fine-tuning on procedurally defined tasks" (ICLR 2024),
arXiv:2311.12786. These networks are three orders of magnitude smaller than its smallest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from feint.scenarios.experiments import Asked
from feint.scenarios.networks.asked import bands_text, heading, measured, share, table
from feint.scenarios.networks.documents import NetworksWrappersDocument, told
from feint.sim.networks.experiments import Battery
from feint.sim.networks.measurement_key import Finding
from feint.sim.networks.task import COVERAGE
from feint.sim.networks.wrapper_measurements import ACCURACIES, CORRELATIONS, COVERAGES, READ

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "networks-wrappers"


def run(asked: Asked) -> Wrapped:
    """Train and measure; `runs` are seeds, and `learning_rates` may be set."""
    return Wrapped(battery=measured(asked, "wrappers"))


@dataclass(frozen=True, kw_only=True, eq=False)
class Wrapped:
    """What the experiment gives."""

    battery: Battery

    def text(self) -> str:
        """In words, for a terminal of 80 columns."""
        found = self.battery
        return "\n\n".join([heading(found.seeds, found.seed), *tables(found), bands_text(found)])

    def document(self) -> NetworksWrappersDocument:
        """As its JSON document."""
        return NetworksWrappersDocument.model_validate(told(NAME, self.battery))

    def figure(self) -> Figure:
        """Drawn."""
        from feint.scenarios.networks.figures import wrappers_figure

        return wrappers_figure(self.battery)

    def passport(self) -> dict[str, Any]:
        """What is needed to make it again."""
        return self.battery.passport()


def tables(found: Battery) -> list[str]:
    """What was measured: without fine-tuning, by learning rate, by coverage, by C."""
    rates, gentle = found.learning_rates, found.learning_rates[0]
    before = [["no fine-tuning", "pre-trained", "never had it", "random", "raw input"], ["probe of a"]]
    before[1] += [share(found[Finding("probe", network)]) for network in ("pre-trained", "never", "random", "raw")]
    refused = [["refuse, rate", "a", "b", "largest", "probe", "pruned"]]
    relabelled = [["answer b, rate", "a", "new", "b", "largest", "probe", "pruned"]]
    for rate in rates:
        kinds = {tuned: ("pre-trained", tuned, rate) for tuned in ("refuse", "relabel")}
        refused.append([f"{rate:g}", *(share(found[Finding(each, *kinds["refuse"])]) for each in (*ACCURACIES, *READ))])
        order = ("accuracy a", "accuracy new", "accuracy b", "accuracy largest", *READ)
        relabelled.append([f"{rate:g}", *(share(found[Finding(each, *kinds["relabel"])]) for each in order)])
    never = [share(found[Finding(each, "never", "refuse", gentle)]) for each in READ]
    refused.append([f"never, {gentle:g}", "", "", "", *never])
    return [*map(table, (before, refused, relabelled)), by_coverage(found), by_correlation(found)]


def by_coverage(found: Battery) -> str:
    """Coverage in pre-training, after gentle refusal."""
    rows = [["refuse, coverage", "a before", "a", "probe", "pruned"]]
    for coverage in (COVERAGE, *COVERAGES):
        kind = ("pre-trained", "refuse", found.learning_rates[0], coverage)
        before = found[Finding("accuracy a", "pre-trained", coverage=coverage)]
        rows.append(
            [f"{coverage:g}", share(before), *(share(found[Finding(each, *kind)]) for each in ("accuracy a", *READ))]
        )
    return table(rows)


def by_correlation(found: Battery) -> str:
    """Spurious correlation in relabelling, gentle."""
    rows = [["answer b, C", "a", "new", "probe", "pruned"]]
    for C in (0.0, *CORRELATIONS):
        kind = ("pre-trained", "relabel", found.learning_rates[0], COVERAGE, C)
        rows.append([f"{C:g}", *(share(found[Finding(each, *kind)]) for each in ("accuracy a", "accuracy new", *READ))])
    return table(rows)
