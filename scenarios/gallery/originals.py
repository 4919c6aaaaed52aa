"""Originals: what a figure's passport says it was drawn from, and how that is computed and drawn again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.scenarios.gallery.picture import KIND, Settings
from feint.sim.ensembles.protocols import FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.results import datafile
from feint.sim.training.curriculum import Curriculum
from feint.sim.training.matching_rules import Match
from feint.sim.training.parameter_point import Point
from feint.sim.training.stage import Stage

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Told = Mapping[str, Any]
SWEPT = {
    "sensitivity": "feint sensitivity DIR --figure FILE",
    "map": "feint map DIR --x NAME --y NAME --figure FILE",
}
"""Kinds of figures that are drawn from a sweep's folder, and by what."""


@dataclass(frozen=True, kw_only=True)
class Original:
    """What a passport asks for, made again."""

    passport: dict[str, Any]  #: as it is now
    drawings: tuple[Callable[[], Figure], ...]  #: those that a passport of its kind may be of, mostly one
    content: str | None = None  #: of a figure of the argument: its data


def made_again(told: Told, threads: int | None = None) -> Original:
    """Compute what a passport asks for from nothing; raises `InputError` for one that cannot be made again."""
    kind = told["kind"]
    if kind in SWEPT:
        raise InputError(f"kind = {kind!r} is drawn from a sweep's folder, which no figure holds: run {SWEPT[kind]}.")
    if kind not in MAKERS:
        known = ", ".join(MAKERS)
        raise InputError(f"kind = {kind!r} is no figure that can be drawn again: known are {known}.")
    try:
        return MAKERS[kind](told, threads)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise InputError(f"kind = {kind!r} has a passport that this version of Feint cannot read: {error!r}.") from None


def settings_of(configuration: Told, threads: int | None) -> Settings:
    """What a figure of the argument is computed from."""
    return Settings(
        size=configuration["size"],
        point=point_of(configuration),
        seed=configuration["seed"],
        precision=configuration["precision"],
        threads=threads,
    )


def point_of(described: Told) -> Point:
    """The point that `Point.described` told."""
    return Point(
        model=Model(**described["model"]),
        curriculum=curriculum_of(described["stages"]),
        start=described["start"],
        match=described["match"],
    )


def curriculum_of(stages: list[dict[str, Any]]) -> Curriculum:
    """The curriculum that `Curriculum.described` told; nothing enters its first stage."""
    first, *others = stages
    return Curriculum(
        Stage(**{name: value for name, value in first.items() if name != "carry"}),
        *(Stage(**stage) for stage in others),
    )


def _picture(told: Told, threads: int | None) -> Original:
    from feint.scenarios.gallery.gallery import asked, computed, with_hand

    configuration = told["configuration"]
    (picture,) = asked([configuration["figure"]])
    data = computed(picture, settings_of(configuration, threads))
    return Original(
        passport=with_hand(data.passport),
        drawings=(lambda: picture.drawn(datafile.table_of(data.content)),),
        content=data.content,
    )


def _common(configuration: Told, *names: str) -> dict[str, Any]:
    """The arguments that stand in a configuration as they are taken."""
    return {"model": Model(**configuration["model"]), **{name: configuration[name] for name in names}}


TRAINED = ("seed", "start", "match", "precision")


def _comparison(told: Told, threads: int | None) -> Original:
    from feint.scenarios.claims.pretraining_vs_scratch import figure
    from feint.sim.ensembles.comparison import compare

    asked = told["configuration"]
    stages = curriculum_of(asked["arms"][PRETRAIN_FINETUNE])
    by_data = asked["match"] == Match.DATA.value
    worth = asked["arms"][FROM_SCRATCH][-1]["steps"] - stages[-1].steps if by_data else None
    found = compare(stages, **_common(asked, *TRAINED, "runs", "confidence"), worth=worth, threads=threads)
    return Original(passport=found.passport(), drawings=(lambda: figure(found),))


def _ensemble(told: Told, threads: int | None) -> Original:
    from feint.sim.ensembles.charts import ensemble_figure
    from feint.sim.ensembles.ensemble import simulate

    asked = told["configuration"]
    found = simulate(curriculum_of(asked["stages"]), **_common(asked, *TRAINED, "runs", "objectives"), threads=threads)
    return Original(passport=found.passport(), drawings=(lambda: ensemble_figure(found),))


def _trajectory(told: Told, _: int | None) -> Original:
    from feint.sim.ensembles.charts import trajectory_figure
    from feint.sim.training.replay import replay

    asked = told["configuration"]
    found = replay(
        curriculum_of(asked["stages"]), **_common(asked, *TRAINED, "run", "objectives"), every=asked.get("every", 1)
    )
    return Original(passport=found.passport(), drawings=(lambda: trajectory_figure(found),))


def _xu_race(told: Told, threads: int | None) -> Original:
    from feint.scenarios.xu_race import XuRaceRequest

    found = XuRaceRequest.from_configuration(told["configuration"]).run(threads=threads)
    return Original(passport=found.passport(), drawings=found.drawings())


def _worldviews(told: Told, threads: int | None) -> Original:
    from feint.scenarios.argument.worldview import DEFAULT, WorldView
    from feint.scenarios.argument.worldview_figure import figure
    from feint.scenarios.argument.worldviews import worldviews

    asked = told["configuration"]
    views = [(view["name"], point_of(view)) for view in asked["views"]]
    found = worldviews(
        [WorldView(name=name, model=at.model, curriculum=at.curriculum) for name, at in views if name != DEFAULT],
        **{name: asked[name] for name in ("claims", "runs", "seed", "precision", "confidence")},
        threads=threads,
    )
    return Original(passport=found.passport(), drawings=(lambda: figure(found),))


def _crux(told: Told, threads: int | None) -> Original:
    from feint.scenarios.argument.crux_figures import figure, lattice_figure
    from feint.scenarios.argument.subset_lattice import lattice, premises_lattice

    asked = told["configuration"]
    keys = {name: asked[name] for name in ("runs", "seed", "outcome", "precision", "confidence")}
    if asked["of"] == "premises":
        found = premises_lattice(point_of(asked), asked["parts"], **keys, threads=threads)
        return Original(passport=found.passport(), drawings=(lambda: figure(found),))
    found = lattice(point_of(asked), **keys, threads=threads)
    return Original(passport=found.passport(), drawings=(lambda: figure(found), lambda: lattice_figure(found)))


def _argument(told: Told, threads: int | None) -> Original:
    from feint.scenarios.argument import graph as argument
    from feint.scenarios.argument.graph_figure import figure

    asked = told["configuration"]
    if "size" in asked:
        raise InputError("kind = 'argument' is the passport of a document of `feint argue`, which draws no figure.")
    if "model" in asked:
        found = argument.tried_graph(point_of(asked), runs=asked["runs"], seed=asked["seed"], threads=threads)
    else:
        found = argument.graph()
    return Original(passport=argument.passport_of(found), drawings=(lambda: figure(found),))


def _transfer(told: Told, threads: int | None) -> Original:
    from feint.scenarios.experiments import Asked
    from feint.scenarios.transfer.transfer import Experiment

    asked = told["configuration"]
    names = {name: asked[name] for name in ("longest", "runs", "seed")}
    found = Experiment(point=point_of(asked), asked=Asked(threads=threads), **names).run(asked["sizes"])
    return Original(passport=found.passport(), drawings=(found.figure,))


def _calibration(told: Told, threads: int | None) -> Original:
    from feint.scenarios.experiments import Asked
    from feint.scenarios.transfer.published_comparison import run

    names = {name: told["configuration"][name] for name in ("runs", "seed", "networks")}
    found = run(Asked(threads=threads, **names))
    return Original(passport=found.passport(), drawings=(found.figure,))


def _release(told: Told, _: int | None) -> Original:
    from feint.scenarios.release.release import Setting, release
    from feint.sim.markets.market_parameters import Terms
    from feint.sim.markets.payoffs import Stakes

    asked = told["configuration"]
    names = {name: asked[name] for name in ("streams", "step_price", "runs", "seed")}
    stakes = Stakes(**asked["stakes"])
    found = release(Setting(point=point_of(asked), terms=Terms(**asked["terms"]), stakes=stakes, **names))
    return Original(passport=found.passport(), drawings=(found.figure,))


MAKERS: dict[str, Callable[[Told, int | None], Original]] = {
    KIND: _picture,
    "comparison": _comparison,
    "ensemble": _ensemble,
    "trajectory": _trajectory,
    "xu-race": _xu_race,
    "worldviews": _worldviews,
    "crux": _crux,
    "argument": _argument,
    "transfer": _transfer,
    "calibration": _calibration,
    "release": _release,
}
"""How what each kind of passport asks for is made."""
