"""Transfer in real networks: how much data pre-training is worth, by size of the network and of the data.

The claim. Where fine-tuning data are few, effective data transferred follow D_T = k · D_F^α · N^β; small pre-trained
networks ossify, and end up worse than from scratch where data are many.

The experiment. Networks of several widths learn a prompt that pre-training never shows, from few strings to many. Its
right answer is the count of token a, which pre-training taught under another prompt (near), or of a token that was
never counted (far). The score on other strings at the best moment of training is set beside that from scratch, and D_T
read off, for the loss and for the share of wrong answers. The law is fitted to all widths where D_F is at most a tenth
of the data from scratch at which 99 % of the best accuracy is reached, and D_T positive.

What would count against it. D_T that is no power of D_F; β whose interval holds 0; harm where there should be help.

Source: Hernandez et al., "Scaling laws for transfer" (2021), arXiv:2102.01293. It measures loss, on models far larger
and on text, which has a spectrum of difficulty; a count modulo 3 is learnt all at once or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError
from feint.scenarios.experiments import Asked
from feint.scenarios.networks.asked import SEEDS, heading, known, loss, sentence, share, table
from feint.scenarios.networks.transfer_document import NetworksTransferDocument, told
from feint.sim.networks.transfer import FEW, LOOKS, MANY, SCORES, Transfer, amounts, transfer
from feint.sim.statistics.intervals import Interval
from feint.sim.statistics.learning_curve import data_for
from feint.sim.statistics.scaling_law_fit import LawFit, fit
from feint.sim.statistics.transfer_law import ENOUGH, LOW_DATA

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "networks-transfer"
FEWEST = 2  # seeds, for intervals
TUNED = ("near", "far")


def run(asked: Asked) -> Transferred:
    """Train and measure; `runs` are seeds, and `widths` may be set."""
    settings = known(asked, "widths")
    seeds, seed = SEEDS if asked.runs is None else asked.runs, asked.seed or 0
    return Transferred(found=transfer(seeds, seed, **settings, threads=asked.threads, progress=asked.progress))


@dataclass(frozen=True, kw_only=True, eq=False)
class Transferred:
    """What the experiment gives."""

    found: Transfer

    @cached_property
    def enough(self) -> np.ndarray:
        """D(N), strings from scratch at which 99 % of the best mean accuracy is reached (widths,)."""
        error = self.found.error["scratch"].mean(axis=-1)
        wanted = 1 - ENOUGH * (1 - error.min(axis=1))
        return np.array(
            [data_for(np.array(MANY, float), *each)[0] for each in zip(error, wanted[:, None], strict=True)]
        )

    @cached_property
    def laws(self) -> dict[tuple[str, str], LawFit | None]:
        """(near or far, loss or error) → the law over all widths; None of one seed, or of too few points above 0."""
        return {(arm, score): self.law(arm, score) for arm, score in product(TUNED, SCORES)}

    def law(self, arm: str, score: str) -> LawFit | None:
        """The law fitted to the low-data regime of all widths."""
        if self.found.seeds < FEWEST:
            return None
        here = np.array(FEW) <= LOW_DATA * self.enough[:, None]
        data, sizes = (
            np.broadcast_to(FEW, here.shape)[here],
            np.broadcast_to(self.found.sizes[:, None], here.shape)[here],
        )

        def measure(weights: np.ndarray) -> np.ndarray:
            return self.found.effective(arm, score, weights)[here]

        try:
            return fit(data.astype(float), sizes.astype(float), measure, self.found.seeds, seed=self.found.seed)
        except InputError:
            return None

    def text(self) -> str:
        """In words, for a terminal of 80 columns."""
        top = heading(self.found.seeds, self.found.seed, LOOKS[-1])
        laws = [law_text(arm, score, law) for (arm, score), law in self.laws.items()]
        return "\n\n".join([top, *(table(each) for each in self.curves()), *map(sentence, laws), sentence(self.end())])

    def curves(self) -> list[list[list[str]]]:
        """Wrong answers and loss by data, a table a score, at the widest of at most 32 units; then D_T by width."""
        i = max((i for i, width in enumerate(self.found.widths) if width <= 32), default=0)
        width, tables = self.found.widths[i], []
        for score, cell in (("error", share), ("loss", loss)):
            rows = [[f"{score}, {width} units, D", "from scratch", *TUNED]]
            for j, data in enumerate(MANY):
                told = [
                    cell(getattr(self.found, score)[arm][i, j]) if data in amounts(arm) else ""
                    for arm in ("scratch", *TUNED)
                ]
                rows.append([f"{data:,}", *told])
            tables.append(rows)
        return [*tables, *(self.effective(arm, "error") for arm in TUNED)]

    def effective(self, arm: str, score: str) -> list[list[str]]:
        """D_T by data and width."""
        rows = [[f"D_T, {arm}, by {score}", *(f"{width} units" for width in self.found.widths)]]
        measured = self.found.effective(arm, score)
        return rows + [
            [f"{data:,}", *(f"{each:,.0f}" if np.isfinite(each) else "–" for each in measured[:, j])]
            for j, data in enumerate(FEW)
        ]

    def end(self) -> str:
        """Whether pre-training harms at the most data that both arms have."""
        j = MANY.index(FEW[-1])
        said = []
        for i, width in enumerate(self.found.widths):
            pairs = self.found.error["far"][i, -1], self.found.error["scratch"][i, j]
            said.append(f"{width} units {np.median(pairs[0]):.2f} against {np.median(pairs[1]):.2f}")
        return f"Far, at {FEW[-1]:,} strings, median wrong after pre-training against from scratch: {'; '.join(said)}."

    def document(self) -> NetworksTransferDocument:
        """As its JSON document."""
        return NetworksTransferDocument.model_validate(told(self.found, self.enough, self.laws))

    def figure(self) -> Figure:
        """Drawn."""
        from feint.scenarios.networks.transfer_figure import figure

        return figure(self.found)

    def passport(self) -> dict[str, Any]:
        """What is needed to make it again."""
        return self.found.passport()


def law_text(arm: str, score: str, law: LawFit | None) -> str:
    """A fitted law in a sentence."""
    if law is None:
        return f"Law, {arm}, by {score}: none; it takes two seeds, and three points with a positive D_T or more."
    parts = [f"{name} {_told(each)}" for name, each in (("k", law.k), ("α", law.alpha), ("β", law.beta)) if each]
    rest = f"R² {law.explained:.2f}, off by a factor of {law.factor:.2g}; {law.points} points, {law.left_out} left out."
    return f"Law, {arm}, by {score}: {', '.join(parts)}; {rest}"


def _told(each: Interval) -> str:
    return f"{each.estimate:.2g} [{each.low:.2g}, {each.high:.2g}]"
