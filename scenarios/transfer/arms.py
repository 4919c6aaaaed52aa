"""Both arms of a transfer experiment at one point: their losses, which is ahead at equal compute, and ossification."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self

import numpy as np
from pydantic import Field

from feint.agents.model import Model
from feint.sim.ensembles.paired_runs import read_checkpoints
from feint.sim.ensembles.protocols import TrainingProtocol, pretrained, scratch
from feint.sim.results.report import Columns, Table, wrapped
from feint.sim.statistics.intervals import Interval, student
from feint.sim.statistics.scaling_laws import ENOUGH, LOW_DATA, LearningCurve, data_for, least_loss
from feint.sim.training.parameter_point import Point

POINTS = 60  #: amounts of data at which losses are read
REGIMES = ("low", "medium", "high")
"""Up to a tenth of D(N), up to D(N), and beyond, where from-scratch training is close to convergence."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Arms:
    """Runs from scratch and after pre-training, read at the same steps of fine-tuning."""

    changes: Mapping[str, Any]  #: to the point
    modes: int
    overlap: float  #: Σ λ_k s_k / Σ λ_k, mean similarity of the two objectives weighted by how often modes are seen
    spent: int  #: steps of pre-training
    scratch: LearningCurve
    tuned: LearningCurve

    @property
    def steps(self) -> np.ndarray:
        """Steps of the last stage at which losses were read, from 0 (points,)."""
        return self.scratch.data

    @property
    def runs(self) -> int:
        """Runs per arm."""
        return self.scratch.losses.shape[1]

    @property
    def low(self) -> np.ndarray:
        """Mask of the steps in the low-data regime (points,)."""
        return self.scratch.low

    def regime(self, name: str) -> np.ndarray:
        """Return the mask of the steps in a regime (points,)."""
        share = self.steps / self.scratch.enough
        masks = (self.steps > 0) & (share <= LOW_DATA), (share > LOW_DATA) & (share <= 1), share > 1
        return masks[REGIMES.index(name)]

    def transferred(self, weights: np.ndarray | None = None) -> np.ndarray:
        """Return D_T in steps at every D_F (points,), of runs with these weights, by default all alike."""
        weights = np.full(self.runs, 1 / self.runs) if weights is None else weights
        wanted = least_loss(self.tuned.weighted(weights))
        return data_for(self.steps, self.scratch.weighted(weights), wanted) - self.steps

    def differences(self, counted: bool) -> np.ndarray:
        """Return the loss after fine-tuning less that from scratch after as many steps (points, runs).

        The steps of pre-training are added if `counted`. NaN if training from scratch was not that long.
        """
        return self.tuned.losses - self.scratch.at(self.steps + (self.spent if counted else 0))


def amounts(longest: int) -> list[int]:
    """Return the steps at which losses are read: 0, and about evenly on a log scale up to the longest."""
    return np.unique(np.round(np.geomspace(1, longest, POINTS)).astype(int)).tolist()


def measure(
    point: Point, changes: Mapping[str, Any], *, longest: int, runs: int, seed: int, threads: int | None
) -> Arms:
    """Train both arms at a point with these changes, the last stage for `longest` steps; raises `InputError`.

    The loss is the task's term, 1 - c (1 - E_s(g)); a run that diverged has the loss of doing nothing.
    """
    changed = {"match": "steps", "finetuning.steps": longest, **changes}
    here, steps = point.at(changed), [0, *amounts(longest)]

    def curve(protocol: TrainingProtocol) -> LearningCurve:
        spec = protocol.with_changes(changed).spec(point, seed=seed)
        performance = read_checkpoints(spec, range(runs), steps, threads=threads).readings.performance
        return LearningCurve(
            data=np.array(steps), losses=1 - np.nan_to_num(performance, nan=0.0, posinf=0.0, neginf=0.0)
        )

    return Arms(
        changes=dict(changes),
        modes=here.model.modes,
        overlap=overlap(here.model),
        spent=sum(stage.steps for stage in here.curriculum.stages[:-1]),
        scratch=curve(scratch()),
        tuned=curve(pretrained()),
    )


def overlap(model: Model) -> float:
    """Return Σ λ_k s_k / Σ λ_k of the pre-training objective and the first fine-tuning objective."""
    fall = np.arange(1, model.modes + 1, dtype=float) ** -model.similarity_decay
    return float(np.average(model.nearest * fall, weights=model.spectrum_weights()))


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """Difference in loss at equal compute, steps · modes, at one size and in one regime."""

    modes: int
    regime: str
    counted: Annotated[bool, Field(description="whether the steps of pre-training count")]
    share: Annotated[float, Field(description="share of its budgets at which the pre-trained arm has the lower loss")]
    steps: Annotated[int, Field(description="the regime's last budget, steps of fine-tuning")]
    difference: Annotated[Interval, Field(description="there: loss pre-trained less that from scratch, paired")]


@dataclass(frozen=True, kw_only=True)
class End:
    """The high-data end at one size: whether pre-training ossifies."""

    modes: int
    difference: Annotated[
        Interval, Field(description="loss at the last step, pre-trained less from scratch; above 0 is ossified")
    ]
    slower: Annotated[float | None, Field(description="steps to 99 % over those from scratch; null if never there")]


@dataclass(frozen=True, kw_only=True)
class Best:
    """The least mean loss that a budget buys, over sizes and arms."""

    compute: Annotated[float, Field(description="steps · modes")]
    arm: Annotated[str, Field(description="pre-trained or from scratch")]
    modes: int
    loss: float


@dataclass(frozen=True, kw_only=True)
class Frontiers:
    """Loss-for-compute frontiers over all sizes, without and with the cost of pre-training."""

    free: list[Best]
    counted: list[Best]

    @classmethod
    def of(cls, sizes: Sequence[Arms], longest: int) -> Self:
        """Return both frontiers at budgets from one step of the smallest size to the longest stage of the largest."""
        budgets = np.geomspace(sizes[0].modes, longest * sizes[-1].modes, 25)
        return cls(free=frontier(sizes, False, budgets), counted=frontier(sizes, True, budgets))

    def __str__(self) -> str:
        return "\n".join(
            wrapped(
                f"On the loss-for-compute frontier over all sizes, pre-training {name}: pre-trained at "
                f"{sum(best.arm == 'pre-trained' for best in frontier)} of {len(frontier)} budgets, from scratch at "
                f"{sum(best.arm == 'from scratch' for best in frontier)}."
            )
            for name, frontier in vars(self).items()
        )


def ahead(arms: Arms) -> Iterator[Ahead]:
    """Yield every regime that has a budget, with and without the cost of pre-training."""
    for counted in (False, True):
        differences = arms.differences(counted)
        for regime in REGIMES:
            here = np.flatnonzero(arms.regime(regime) & np.isfinite(differences[:, 0]))
            if len(here):
                yield Ahead(
                    modes=arms.modes,
                    regime=regime,
                    counted=counted,
                    share=float((differences[here].mean(axis=1) < 0).mean()),
                    steps=int(arms.steps[here[-1]]),
                    difference=student(differences[here[-1]]),
                )


def end(arms: Arms) -> End:
    """Return whether the pre-trained arm is worse at the last step, and slower to the loss of D(N)."""
    wanted = 1 - ENOUGH * (1 - arms.scratch.mean.min(keepdims=True))
    taken = float(data_for(arms.steps, arms.tuned.mean, wanted)[0])
    slower = taken / arms.scratch.enough if np.isfinite(taken) else None
    difference = student(arms.tuned.losses[-1] - arms.scratch.losses[-1])
    return End(modes=arms.modes, difference=difference, slower=slower)


def frontier(sizes: Sequence[Arms], counted: bool, budgets: np.ndarray) -> list[Best]:
    """Return the loss-for-compute frontier at each budget that buys anything."""
    best = []
    for budget in budgets.tolist():
        options = []
        for arms in sizes:
            for arm, curve, before in (
                ("from scratch", arms.scratch, 0),
                ("pre-trained", arms.tuned, arms.spent if counted else 0),
            ):
                affordable = (curve.data + before) * arms.modes <= budget
                if affordable.any():
                    options.append((float(curve.mean[affordable].min()), arm, arms.modes))
        if options:
            loss, arm, modes = min(options)
            best.append(Best(compute=budget, arm=arm, modes=modes, loss=loss))
    return best


def ahead_table(ahead: Sequence[Ahead]) -> Table:
    """Return which arm is ahead for compute, over all sizes."""
    rows = []
    for regime, counted in dict.fromkeys((row.regime, row.counted) for row in ahead):
        here = [row for row in ahead if (row.regime, row.counted) == (regime, counted)]
        share = sum(row.share for row in here) / len(here)
        ends = [row.difference.estimate for row in here]
        span = f"{min(ends):+.5f} to {max(ends):+.5f}"
        rows.append([regime, "counted" if counted else "free", f"{100 * share:.0f} %", span])
    title = (
        "Compute, steps · modes: share of a regime's budgets at which the pre-trained arm has the lower loss, and "
        "the difference in loss at the last of them, pre-trained less from scratch."
    )
    note = f"Means and ranges over {len({row.modes for row in ahead})} sizes; each with its interval in the document."
    headings = ("regime", "pre-training", "ahead at", "difference at the end")
    return Table.of_cells(headings, rows, wrapped(title), wrapped(note))


END_TITLE = (
    "Ossification: loss at the last step, pre-trained less from scratch (above 0: worse), and steps to 99 % of "
    "the best performance over those from scratch, which are D(N) (above 1: slower):"
)
END_COLUMNS: Columns = {
    "modes": lambda row: f"{row.modes}",
    "difference": lambda row: f"{row.difference.estimate:+.6f}",
    "interval": lambda row: f"[{row.difference.low:+.6f}, {row.difference.high:+.6f}]",
    "steps": lambda row: "never" if row.slower is None else f"{row.slower:.2f}",
}
