"""Xu's race: deception is reached before alignment is complete.

The claim. As SGD trains a model, less and less is left to gain from aligning it, while its knowledge of the environment
and its power keep growing. As soon as it is able to deceive it does, and nothing changes its objective any more.

The experiment. Four levels in [0, 1] grow with the update t = 0, 1, …, and each stays at 1 once it is complete:

    e_t = p_t = a_t = log_1000(t + 1),     o_t = log_500(t + 1 - t_e),     t_e = min {t : e_t > 0.5}

(environment model, power, alignment, pointer; o is 0 before t_e). At the first update with e > 0.6 and p > 0.7 the
model becomes deceptive: from then on a and o keep the level that they have.

What would count against it. In the toy, thresholds alone: corrigibility wins exactly if the larger one exceeds
log_1000 531. With e and p carried into fine-tuning, deception comes at update 0 by construction.

Source: Mark Xu, "Does SGD Produce Deceptive Alignment?" (2020), section "Example", markxu.com/deceptive-alignment.
The carried start is Feint's addition.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple, Self

import numpy as np
from pydantic import PlainSerializer, computed_field

from feint.agents.outcome import Outcome
from feint.agents.parameters import Declared, parameter
from feint.sim.results.figure_style import canvas
from feint.sim.results.report import Hidden, Report
from feint.sim.results.request import Progress, Request, Settings

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CARRIED = 125  #: updates of pre-training after which a model with Xu's numbers is able to deceive
Times = dict[str, int | None]


_horizon = partial(parameter, valid=(2, 1_000_000), unit="updates", argument="race")
_threshold = partial(parameter, valid=(0.0, 1.0), unit="level", argument="race")


class XuRace(Declared):
    """Numbers of the race; the defaults are Xu's. Raises `InputError` for a wrong type or range."""

    name: ClassVar[str] = "race"

    learning_horizon: int = _horizon(1000, meaning="updates that complete e, p and a: base of their log")
    pointer_horizon: int = _horizon(500, meaning="updates that complete o, counted from t_e: its base")
    pointer_onset: float = _threshold(0.5, meaning="level that e must exceed before a pointer can be built")
    environment_threshold: float = _threshold(0.6, meaning="level that e must exceed for deception (1: never)")
    power_threshold: float = _threshold(0.7, meaning="level that p must exceed for deception (1: never)")
    carried: int = _horizon(
        0, valid=(0, 1_000_000), meaning="updates of pre-training whose e and p are kept; a and o start again"
    )

    def run(self) -> Trajectory:
        """Run learning_horizon + pointer_horizon updates, enough for every level to complete.

        A level passes a threshold by exceeding it. Deception wins unless the pointer is complete before both thresholds
        are passed, so a tie is deceptive; a tie of alignment and pointer is corrigible.
        """
        t = np.arange(self.learning_horizon + self.pointer_horizon)
        e, p = (_level(t + 1 + self.carried, self.learning_horizon) for _ in range(2))
        a = _level(t + 1, self.learning_horizon)
        o = _level(t + 1 - _first(e > self.pointer_onset), self.pointer_horizon)
        able = _first((e > self.environment_threshold) & (p > self.power_threshold))
        frozen = t >= (able if able <= _first(o >= 1) else t.size)
        kept = np.minimum(t, _first(frozen))
        return Trajectory(race=self, environment=e, power=p, alignment=a[kept], pointer=o[kept], frozen=frozen)


@dataclass(frozen=True, kw_only=True)
class XuRaceRequest(Request):
    """Run the published toy of Xu (2020), in which deception comes before alignment."""

    kind = "xu-race"
    threaded = False

    settings: Settings = field(default_factory=dict)

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Trajectory:  # noqa: ARG002
        """Run the race; raises `InputError` for a number that it does not have or that is not valid."""
        return XuRace(**self.settings).run()

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> Self:
        """Return the request of a passport; those of version 1 hold the numbers themselves."""
        return cls(settings=configuration.get("settings", configuration))


class Events(NamedTuple):
    """First update, counted from 0, of each event; None if it never happens."""

    pointer_begins: int | None  #: e exceeds the pointer's onset, t_e
    environment_passed: int | None  #: e exceeds its threshold
    power_passed: int | None  #: p exceeds its threshold
    deceptive: int | None  #: both thresholds are exceeded before the pointer is complete
    corrigible: int | None  #: the pointer is complete
    internal: int | None  #: alignment is complete


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Trajectory(Report):
    """Levels of one race, update by update; arrays have the shape (updates,) and begin at update 0."""

    scenario: str = XuRaceRequest.kind
    race: Hidden[XuRace]
    environment: Hidden[np.ndarray]  #: e, how much of the environment is modelled
    power: Hidden[np.ndarray]  #: p, what the model can do; at 1 the training loss is zero
    alignment: Hidden[np.ndarray]  #: a, how much of the training objective is written in
    pointer: Hidden[np.ndarray]  #: o, how robustly the model points at the objective
    frozen: Hidden[np.ndarray]  #: whether the model is deceptive, so that a and o stay

    @property
    def request(self) -> XuRaceRequest:  # pyright: ignore[reportIncompatibleVariableOverride] - follows from the race
        """The request that has this race, by the numbers that differ from Xu's."""
        default = XuRace()
        return XuRaceRequest(settings={name: value for name, value in self.race if value != getattr(default, name)})

    @computed_field
    @property
    def settings(self) -> dict[str, int | float]:
        """All numbers of the race by name."""
        return self.race.model_dump()

    @computed_field(return_type=Annotated[Outcome, PlainSerializer(lambda outcome: outcome.label, str)])
    @property
    def outcome(self) -> Outcome:
        """Type of model in which the race ends."""
        if self.frozen.any():
            return Outcome.DECEPTIVE
        return Outcome.CORRIGIBLE if _first(self.pointer >= 1) <= _first(self.alignment >= 1) else Outcome.INTERNAL

    @computed_field(return_type=Annotated[Events, PlainSerializer(lambda events: events._asdict(), Times)])
    @property
    def events(self) -> Events:
        """First update of each event; null if it never happens."""
        e, p, race = self.environment, self.power, self.race
        passed = e > race.pointer_onset, e > race.environment_threshold, p > race.power_threshold
        times = map(_first, (*passed, self.frozen, self.pointer >= 1, self.alignment >= 1))
        return Events(*(None if time == e.size else time for time in times))

    @computed_field
    @property
    def last(self) -> dict[str, float]:
        """Levels of alignment and pointer at the last update."""
        return {"alignment": float(self.alignment[-1]), "pointer": float(self.pointer[-1])}

    def blocks(self) -> Iterable[str]:
        """Return the outcome, the events and the last levels in a few lines."""
        lines = [f"Xu's race ends {self.outcome.label}; first update of each event, from 0:"]
        times = self.events._asdict().items()
        lines += [f"  {name.replace('_', ' '):20} {'never' if time is None else time}" for name, time in times]
        lines.append("last levels: " + ", ".join(f"{name} {level:.3f}" for name, level in self.last.items()))
        if self.race.carried and self.events.deceptive == 0:
            why = "what was carried in passes both thresholds, so the premise is the conclusion."
            lines.append(f"Deceptive at update 0: {why}")
        return ["\n".join(lines)]

    def frame(self) -> pd.DataFrame:
        """Return the level of each quantity at each update, and whether the model is deceptive there."""
        import pandas as pd

        levels = {name: getattr(self, name) for name in ("environment", "power", "alignment", "pointer")}
        wide = pd.DataFrame({"update": np.arange(self.power.size), "deceptive": self.frozen, **levels})
        frame = wide.melt(["update", "deceptive"], var_name="quantity", value_name="level")
        frame.attrs.update(self.passport())
        return frame

    def drawing(self) -> Figure:
        """Draw the race beside the same race with e and p carried over from pre-training."""
        return figure(self.race, carried=self.race.carried or CARRIED)


def figure(race: XuRace | None = None, *, carried: int = CARRIED) -> Figure:
    """Draw the race from scratch, and below it with e and p carried over from `carried` updates of pre-training."""
    import seaborn as sns

    arms = (0, "From scratch"), (carried, f"Fine-tuning, e and p carried from {carried} updates")
    with canvas((3.5, 4.5)) as sheet:
        above, below = sheet.subplots(2, sharex=True)
        for axes, (start, title) in zip((above, below), arms, strict=True):
            run = (race or XuRace()).replace(carried=start).run()
            _draw_levels(axes, run, sns.color_palette("colorblind"))
            _draw_events(axes, run)
            axes.set_title(title, loc="left")
        sns.despine(sheet)
        below.set_xlabel("update (log scale of update + 1)")
        sheet.legend(*below.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    return sheet


def _draw_levels(axes: Axes, run: Trajectory, colours: list) -> None:
    """Draw the four levels over the thresholds, on grey while the model is deceptive."""
    x = np.arange(1, run.power.size + 1)
    axes.plot(x, run.environment, color=colours[9], linewidth=5, alpha=0.5, label="environment model e")
    axes.plot(x, run.power, color="black", linewidth=0.8, label="power p")
    axes.plot(x, run.alignment, ":", color=colours[3], linewidth=2.5, label="alignment a")
    axes.plot(x, run.pointer, "-.", color=colours[0], linewidth=1.6, label="pointer o")
    axes.fill_between(x, 0, 1, where=run.frozen.tolist(), color="0.92", linewidth=0, zorder=0, label="deceptive")
    for level in (run.race.pointer_onset, run.race.environment_threshold, run.race.power_threshold):
        axes.axhline(level, color="0.6", linewidth=0.5, zorder=1)
    axes.set(xscale="log", ylabel="level", yticks=[0, 0.5, 1])
    axes.set_xticks([1, 11, 101, 1001], ["0", "10", "100", "1,000"])
    axes.minorticks_off()


def _draw_events(axes: Axes, run: Trajectory) -> None:
    """Write a staircase of events above the levels, each with its update."""
    e, p = run.race.environment_threshold, run.race.power_threshold
    names = "pointer begins", f"e > {e:g}", f"p > {p:g}", "deceptive", "corrigible", "internal"
    times = sorted({time for time in run.events if time is not None}, key=lambda time: (time <= 30, abs(time - 30)))
    for row, time in enumerate(times):
        text = ", ".join(name for name, when in zip(names, run.events, strict=True) if when == time)
        top, side, gap = 1.12 + 0.16 * row, *(("right", -3) if time > 30 else ("left", 3))
        axes.vlines(time + 1, 0, top, "0.4", linewidth=0.6, zorder=1.5)
        label = axes.annotate(f"{text}: {time}", (time + 1, top), (gap, 0), textcoords="offset points", va="center")
        label.set(ha=side, bbox={"facecolor": "white", "linewidth": 0, "pad": 0})


def _level(count: np.ndarray, horizon: int) -> np.ndarray:
    """Return log_horizon(count), clipped to [0, 1]."""
    return np.minimum(np.log(np.maximum(count, 1)) / np.log(horizon), 1.0)


def _first(true: np.ndarray) -> int:
    """Return the first index at which an array is true; its length if it never is."""
    return int(true.argmax()) if true.any() else true.size
