"""Xu's race: deception is reached before alignment is complete.

The claim. As SGD trains, less and less is left to gain from aligning the model, be it by writing the objective in or by
building a pointer to it, while its knowledge of the environment and its power grow all the same. Once able to deceive
it plays along, and nothing pulls on its objective any more. So it deceives before it is aligned.

The experiment. Four levels in [0, 1] run against the update t = 0, 1, …, and each stays at 1 once it is complete:

    e_t = p_t = a_t = log_1000(t + 1),     o_t = log_500(t + 1 - t_e),     t_e = min {t : e_t > 0.5}

(environment model, power, alignment, pointer; o is 0 before t_e). At the first update with e > 0.6 and p > 0.7 the
model becomes deceptive: from there on a and o keep the level that they have.

What would count against it. In the toy, thresholds alone: corrigibility wins exactly when the larger one exceeds
log_1000 531, where e and p stand as the pointer completes. Of fine-tuning it says nothing: with e and p carried into
it and a and o reset, deception comes at update 0 by construction, for the premise (it is able) is the conclusion.

Source: Mark Xu, "Does SGD Produce Deceptive Alignment?" (2020), section "Example", markxu.com/deceptive-alignment.
The carried start is Feint's addition.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from feint.agents.errors import InputError, unknown
from feint.agents.outcome import Outcome
from feint.scenarios.experiments import Asked
from feint.sim.ensembles.documents import ScenarioDocument
from feint.sim.results.provenance import passport

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CARRIED = 125  #: updates of pre-training after which a model trained on Xu's numbers is able to deceive


def _number(default: float, least: int, most: int) -> Any:
    """A field with the bounds of what is valid, both included; whole where its default is."""
    return field(default=default, metadata={"least": least, "most": most})


@dataclass(frozen=True, kw_only=True)
class XuRace:
    """The numbers of the race; the defaults are Xu's. Raises `InputError` for a type or value that is not valid."""

    learning_horizon: int = _number(1000, 2, 1_000_000)  #: updates that complete e, p and a: their base
    pointer_horizon: int = _number(500, 2, 1_000_000)  #: updates that complete o, counted from its onset: its base
    pointer_onset: float = _number(0.5, 0, 1)  #: level that e must exceed before a pointer can be built
    environment_threshold: float = _number(0.6, 0, 1)  #: level that e must exceed for deception (1: never)
    power_threshold: float = _number(0.7, 0, 1)  #: level that p must exceed for deception (1: never)
    carried: int = _number(0, 0, 1_000_000)  #: updates of pre-training whose e and p are carried in; a and o start anew

    def __post_init__(self) -> None:
        for each in fields(self):
            value, whole, least, most = getattr(self, each.name), isinstance(each.default, int), *each.metadata.values()
            kind, noun = (Integral, "whole number") if whole else (Real, "number")
            if isinstance(value, bool) or not isinstance(value, kind) or not least <= value <= most:
                rule = f"it must be a {noun} from {least} to {most}"
                raise InputError(f"{each.name} = {value!r} is not valid for a race: {rule}.")

    def run(self) -> Trajectory:
        """Run learning_horizon + pointer_horizon updates, in which all completes that ever will.

        A level passes a threshold by exceeding it; equal to it as a floating-point number, it has not passed. Deception
        wins unless the pointer is complete before both thresholds are passed. So a tie is deceptive: by default, with
        the larger threshold from log_1000 530 to just below log_1000 531. At log_1000 531 it is passed one update later
        and the model is corrigible; but no rational threshold equals that number. Alignment is complete only when e
        and p are, so it wins only where a threshold is 1, and before the pointer; that tie is corrigible.
        """
        t = np.arange(self.learning_horizon + self.pointer_horizon)
        e, p = (_level(t + 1 + self.carried, self.learning_horizon) for _ in range(2))
        a = _level(t + 1, self.learning_horizon)
        o = _level(t + 1 - _first(e > self.pointer_onset), self.pointer_horizon)
        able = _first((e > self.environment_threshold) & (p > self.power_threshold))
        frozen = t >= (able if able <= _first(o >= 1) else t.size)
        kept = np.minimum(t, _first(frozen))
        return Trajectory(race=self, environment=e, power=p, alignment=a[kept], pointer=o[kept], frozen=frozen)


class Events(NamedTuple):
    """The first updates, counted from 0, at which things are so; None is never."""

    pointer_begins: int | None  #: e exceeds the pointer's onset, t_e
    environment_passed: int | None  #: e exceeds its threshold
    power_passed: int | None  #: p exceeds its threshold
    deceptive: int | None  #: both do, in time
    corrigible: int | None  #: the pointer is complete
    internal: int | None  #: alignment is complete


@dataclass(frozen=True, kw_only=True, eq=False)
class Trajectory:
    """One race, update by update; arrays are (updates,) from update 0."""

    race: XuRace
    environment: np.ndarray  #: e, how much of the environment is modelled
    power: np.ndarray  #: p, what the model can do; at 1 the training loss is zero
    alignment: np.ndarray  #: a, how much of the training objective is written in
    pointer: np.ndarray  #: o, how robustly the model points at the objective
    frozen: np.ndarray  #: whether the model is deceptive, so that a and o stay

    @property
    def events(self) -> Events:
        """When each thing happened in this race."""
        e, p, race = self.environment, self.power, self.race
        passed = e > race.pointer_onset, e > race.environment_threshold, p > race.power_threshold
        found = map(_first, (*passed, self.frozen, self.pointer >= 1, self.alignment >= 1))
        return Events(*(None if time == e.size else time for time in found))

    @property
    def outcome(self) -> Outcome:
        """What the race was decided for."""
        if self.frozen.any():
            return Outcome.DECEPTIVE
        return Outcome.CORRIGIBLE if _first(self.pointer >= 1) <= _first(self.alignment >= 1) else Outcome.INTERNAL

    def frame(self) -> pd.DataFrame:
        """The tidy table: the level of each quantity at each update, and whether the model is deceptive there."""
        levels = {name: getattr(self, name) for name in ("environment", "power", "alignment", "pointer")}
        wide = pd.DataFrame({"update": np.arange(self.power.size), "deceptive": self.frozen, **levels})
        return wide.melt(["update", "deceptive"], var_name="quantity", value_name="level")


def race_of(settings: dict[str, Any]) -> XuRace:
    """The race with these numbers; raises `InputError` for a name that it does not have."""
    names = [each.name for each in fields(XuRace)]
    for name in settings:
        if name not in names:
            raise unknown("number", name, names)
    return XuRace(**settings)


@dataclass(frozen=True, kw_only=True)
class Raced:
    """The race as an experiment gives it."""

    race: XuRace

    def text(self) -> str:
        """In a few lines."""
        return summary(self.race)

    def document(self) -> ScenarioDocument:
        """As its JSON document."""
        return ScenarioDocument.model_validate({**document(self.race), "passport": self.passport()})

    def figure(self) -> Figure:
        """Its levels, beside those of a start that carries what pre-training taught."""
        return figure(self.race, carried=self.race.carried or CARRIED)

    def passport(self) -> dict[str, Any]:
        """What is needed to make it again."""
        return passed(self.race)


def run(asked: Asked) -> Raced:
    """The race with the numbers that are asked for."""
    asked.refuse("xu-race", "networks", "runs", "seed", "threads")
    return Raced(race=race_of(dict(asked.settings)))


def document(race: XuRace) -> dict[str, Any]:
    """The race as a JSON document: its numbers, its outcome, when each thing happened, and the last levels."""
    run = race.run()
    last = {"alignment": float(run.alignment[-1]), "pointer": float(run.pointer[-1])}
    settings = asdict(race)
    return {
        "schema": 1,
        "scenario": "xu-race",
        "settings": settings,
        "outcome": run.outcome.label,
        "events": run.events._asdict(),
        "last": last,
    }


def passed(race: XuRace) -> dict[str, Any]:
    """The passport of a race."""
    return passport("xu-race", asdict(race))


def summary(race: XuRace) -> str:
    """The race in a few lines."""
    told = document(race)
    when = [f"  {name.replace('_', ' '):20} {'never' if t is None else t}" for name, t in told["events"].items()]
    last = told["last"]
    lines = [
        f"Xu's race ends {told['outcome']}; first update of each event, from 0:",
        *when,
        f"last levels: alignment {last['alignment']:.3f}, pointer {last['pointer']:.3f}",
    ]
    if race.carried and told["events"]["deceptive"] == 0:
        lines += [
            "Deceptive at update 0: what was carried in passes both thresholds, so the premise is the conclusion."
        ]
    return "\n".join(lines)


def figure(race: XuRace | None = None, *, carried: int = CARRIED) -> Figure:
    """Draw the race from scratch, and again with e and p carried over from `carried` updates of pre-training."""
    import seaborn as sns
    from matplotlib.figure import Figure

    arms = (0, "From scratch"), (carried, f"Fine-tuning, e and p carried from {carried} updates")
    with sns.axes_style("ticks"), sns.plotting_context("paper", font_scale=0.85):
        sheet = Figure(figsize=(3.5, 4.5), layout="constrained")
        above, below = sheet.subplots(2, sharex=True)
        for axes, (start, title) in zip((above, below), arms, strict=True):
            run = replace(race or XuRace(), carried=start).run()
            _draw_levels(axes, run, sns.color_palette("colorblind"))
            _draw_events(axes, run)
            axes.set_title(title, loc="left")
        sns.despine(sheet)
        below.set_xlabel("update (log scale of update + 1)")
        sheet.legend(*below.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    return sheet


def _draw_levels(axes: Axes, run: Trajectory, colours: list) -> None:
    """The four levels over the thresholds, on grey where the model is deceptive."""
    x = np.arange(1, run.power.size + 1)
    axes.plot(x, run.environment, color=colours[9], linewidth=5, alpha=0.5, label="environment model e")
    axes.plot(x, run.power, color="black", linewidth=0.8, label="power p")
    axes.plot(x, run.alignment, ":", color=colours[3], linewidth=2.5, label="alignment a")
    axes.plot(x, run.pointer, "-.", color=colours[0], linewidth=1.6, label="pointer o")
    axes.fill_between(x, 0, 1, where=run.frozen.tolist(), color="0.92", linewidth=0, zorder=0, label="deceptive")
    for level in (run.race.pointer_onset, run.race.environment_threshold, run.race.power_threshold):
        axes.axhline(level, color="0.6", linewidth=0.5, zorder=1)
    axes.set(xscale="log", ylabel="level", yticks=[0, 0.5, 1])
    axes.set_xticks([1, 11, 101, 1001], ["0", "10", "100", "1000"])
    axes.minorticks_off()


def _draw_events(axes: Axes, run: Trajectory) -> None:
    """A staircase of events above the levels, each with its update."""
    e, p = run.race.environment_threshold, run.race.power_threshold
    said = "pointer begins", f"e > {e:g}", f"p > {p:g}", "deceptive", "corrigible", "internal"
    times = sorted({time for time in run.events if time is not None}, key=lambda time: (time <= 30, abs(time - 30)))
    for row, time in enumerate(times):
        text = ", ".join(what for what, when in zip(said, run.events, strict=True) if when == time)
        top, side, gap = 1.12 + 0.16 * row, *(("right", -3) if time > 30 else ("left", 3))
        axes.vlines(time + 1, 0, top, "0.4", linewidth=0.6, zorder=1.5)
        label = axes.annotate(f"{text}: {time}", (time + 1, top), (gap, 0), textcoords="offset points", va="center")
        label.set(ha=side, bbox={"facecolor": "white", "linewidth": 0, "pad": 0})


def _level(count: np.ndarray, horizon: int) -> np.ndarray:
    """log_horizon(count), held between 0 and 1."""
    return np.minimum(np.log(np.maximum(count, 1)) / np.log(horizon), 1.0)


def _first(so: np.ndarray) -> int:
    """The first index at which it is so; the length where it never is."""
    return int(so.argmax()) if so.any() else so.size
