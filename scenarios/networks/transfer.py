"""Transfer in real networks: the data that pre-training is worth, by size of the network and of the data.

The claim. D_T = k · D_F^α · N^β, and small networks ossify (Hernandez et al. 2021, arXiv:2102.01293).

The experiment. Networks of several widths learn a prompt that pre-training never shows, from few strings to many. Its
right answer is the count of token a, which pre-training taught under another prompt (near), or of a token that was
never counted (far). The best score on other strings is compared with that from scratch, for the loss and for errors.

What would count against it. D_T that is no power of D_F; β whose interval contains 0; harm in place of help.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from feint.scenarios.networks import battery
from feint.sim.networks.transfer import AMOUNTS, ARMS, FEW, LOOKS, MANY, SCORES, Transfer, transfer
from feint.sim.results.figure_style import PAGE_WIDTH, canvas, panels
from feint.sim.results.report import Hidden, Number, Report, Table, wrapped
from feint.sim.results.request import Progress, Request
from feint.sim.statistics.intervals import Interval
from feint.sim.statistics.scaling_laws import LawFit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TUNED = ("near", "far")
SHOWN = 32  #: units, the widest networks whose curves are printed
LINES = {
    "scratch": (battery.BLACK, "o:", "from scratch", -0.04),
    "near": (battery.ORANGE, "s-", "pre-trained, near", 0.0),
    "far": (battery.BLUE, "^--", "pre-trained, far", 0.04),
}
MARKERS = "o^sDvP*X"
SHADES = ("#f6c99f", "#ee9c5a", "#d55e00", "#7a3600")


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Scores of one arm at one width on other strings, by amount of data and seed."""

    arm: Literal["scratch", "near", "far"]
    width: int
    size: Annotated[int, Field(description="N, weights without those of the first layer")]
    data: Annotated[list[int], Field(description="strings")]
    loss: Annotated[list[list[float]], Field(description="nats, amounts by seeds")]
    error: Annotated[list[list[float]], Field(description="share of wrong answers, amounts by seeds")]


@dataclass(frozen=True, kw_only=True)
class EffectiveData:
    """D_T at one width."""

    arm: Literal["near", "far"]
    score: Literal["loss", "error"]
    width: int
    data: Annotated[list[int], Field(description="D_F, strings")]
    transferred: Annotated[list[Number], Field(description="D_T, strings; null if scratch is never as good")]


@dataclass(frozen=True, kw_only=True)
class NetworksLaw:
    """A law fitted over all widths; constants are null for one seed, or too few points with a positive D_T."""

    arm: Literal["near", "far"]
    score: Literal["loss", "error"]
    k: Interval | None
    alpha: Interval | None
    beta: Interval | None
    explained: float | None
    points: int
    left_out: int
    fit: Hidden[LawFit | None]

    @classmethod
    def of(cls, arm: Any, score: Any, fit: LawFit | None) -> NetworksLaw:
        """Return the constants of a fit, if there is one."""
        constants: dict[str, Any] = {name: getattr(fit, name, None) for name in ("k", "alpha", "beta", "explained")}
        counts: dict[str, Any] = {name: getattr(fit, name, 0) for name in ("points", "left_out")}
        return cls(arm=arm, score=score, fit=fit, **constants, **counts)

    def __str__(self) -> str:
        name = f"Law, {self.arm}, by {self.score}"
        if self.fit is None:
            return f"{name}: none; it takes two seeds, and three points with a positive D_T or more."
        constants = {"k": self.k, "α": self.alpha, "β": self.beta}
        parts = [f"{symbol} {interval:.2g}" for symbol, interval in constants.items() if interval]
        quality = f"R² {self.explained:.2f}, off by a factor of {self.fit.factor:.2g}"
        return f"{name}: {', '.join(parts)}; {quality}; {self.points} points, {self.left_out} left out."


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class NetworksTransfer(Report):
    """Data that pre-training is worth to real networks."""

    scenario: Literal["networks-transfer"] = "networks-transfer"
    seeds: int
    seed: int
    curves: list[Curve]
    enough: Annotated[list[Number], Field(description="D(N) of each width, strings")]
    transferred: list[EffectiveData]
    laws: list[NetworksLaw]
    measured: Hidden[Transfer]
    request: Hidden[Any]

    @classmethod
    def measure(
        cls, request: battery.NetworksRequest, *, threads: int | None = None, progress: Progress | None = None
    ) -> NetworksTransfer:
        """Train and measure; runs are seeds, and `widths` may be set."""
        settings = request.networks_settings("widths")
        measured = transfer(request.count, request.seed, **settings, threads=threads, progress=progress)
        return cls.of(measured, request)

    @classmethod
    def of(cls, measured: Transfer, request: Request | None = None) -> NetworksTransfer:
        """Return the report of learning curves."""
        arms: Any = ARMS
        curves = [
            Curve(
                arm=arm, width=width, size=int(measured.sizes[i]), data=list(AMOUNTS[arm]),
                loss=measured.loss[arm][i].tolist(), error=measured.error[arm][i].tolist(),
            )
            for arm, (i, width) in product(arms, enumerate(measured.widths))
        ]  # fmt: skip
        transferred = [
            EffectiveData(arm=arm, score=score, width=width, data=list(FEW), transferred=data.tolist())
            for arm, score in product(TUNED, SCORES)
            for width, data in zip(measured.widths, measured.effective(arm, score), strict=True)
        ]
        return cls(
            seeds=measured.seeds,
            seed=measured.seed,
            curves=curves,
            enough=measured.enough.tolist(),
            transferred=transferred,
            laws=[NetworksLaw.of(arm, score, measured.law(arm, score)) for arm, score in product(TUNED, SCORES)],
            measured=measured,
            request=request,
        )

    def rows(self) -> list[dict[str, Any]]:
        """Return the learning curves, one row per arm, width and amount of data."""
        return list(self.measured.rows())

    def blocks(self) -> list[str | Table]:
        """Return scores by data, D_T by data and width, the laws, and whether pre-training harms in the end."""
        j, error = MANY.index(FEW[-1]), self.measured.error
        medians = [
            f"{width} units {np.median(error['far'][i, -1]):.2f} against {np.median(error['scratch'][i, j]):.2f}"
            for i, width in enumerate(self.measured.widths)
        ]
        against = "median wrong after pre-training against from scratch"
        sentences = [*map(str, self.laws), f"Far, at {FEW[-1]:,} strings, {against}: {'; '.join(medians)}."]
        return [
            battery.heading(self.seeds, self.seed, LOOKS[-1]),
            self.scores("error", battery.SHARE),
            self.scores("loss", battery.LOSS),
            *map(self.effective, TUNED),
            *(wrapped(sentence, "") for sentence in sentences),
        ]

    def scores(self, score: str, spec: str) -> Table:
        """Return a score by data, at the widest networks of at most 32 units."""
        widths = self.measured.widths
        i = max((i for i, width in enumerate(widths) if width <= SHOWN), default=0)
        of_arms = [(AMOUNTS[arm], getattr(self.measured, score)[arm][i]) for arm in ARMS]
        rows = [
            [f"{data:,}", *(battery.spread(scores[j], spec) if data in known else "" for known, scores in of_arms)]
            for j, data in enumerate(MANY)
        ]
        return Table.of_cells((f"{score}, {widths[i]} units, D", "from scratch", *TUNED), rows)

    def effective(self, arm: str) -> Table:
        """Return D_T by data and width."""
        columns = self.measured.effective(arm, "error").T
        rows = [
            [f"{data:,}", *(f"{value:,.0f}" if np.isfinite(value) else "–" for value in column)]
            for data, column in zip(FEW, columns, strict=True)
        ]
        return Table.of_cells((f"D_T, {arm}, by error", *(f"{width} units" for width in self.measured.widths)), rows)

    def drawing(self) -> Figure:
        """Return a panel per width, and one of effective data by width; a point is a seed, a line its medians."""
        import seaborn as sns

        count = len(self.measured.widths)
        columns = min(3, count + 1)
        rows = -(-(count + 1) // columns)
        with canvas((PAGE_WIDTH, 2.3 * rows)) as drawn:
            axes_of = list(panels(drawn, rows, columns).flat)
            for i, axes in enumerate(axes_of[:count]):
                for arm, style in LINES.items():
                    battery.draw_seeds(axes, AMOUNTS[arm], list(self.measured.error[arm][i]), *style)
                axes.axhline(2 / 3, color=battery.GREY, linewidth=0.6, label="chance")
                axes.set(xscale="log", ylim=(-0.03, 0.8), xlabel="strings to learn from", ylabel="wrong answers")
                axes.set_title(f"{self.measured.widths[i]} units a layer", loc="left")
            self.draw_effective(axes_of[count])
            for axes in axes_of[count + 1 :]:
                axes.set_axis_off()
            drawn.legend(*axes_of[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
            sns.despine(drawn)
        return drawn

    def draw_effective(self, axes: Axes) -> None:
        """Draw effective data of the near arm, a line per width."""
        measured = self.measured.effective("near", "error")
        for i, width in enumerate(self.measured.widths):
            good = np.isfinite(measured[i]) & (measured[i] > 0)
            style = f"{MARKERS[i % len(MARKERS)]}-"
            x, y, colour = np.array(FEW)[good], measured[i][good], SHADES[i % len(SHADES)]
            axes.plot(x, y, style, color=colour, markersize=4, linewidth=1.2, label=f"{width}")
        axes.set(xscale="log", yscale="log", xlim=(10, 8_000), ylim=(100, 100_000))
        axes.set(xlabel="$D_F$, strings to learn from", ylabel="$D_T$, strings")
        axes.set_title("Effective data transferred, near", loc="left")
        axes.legend(frameon=False, title="units", ncols=2)
