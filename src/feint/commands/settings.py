"""Settings on the command line: the point that they describe, a second one, and several values of parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feint.commands.console import say_aside

if TYPE_CHECKING:
    from feint.sim.training.curriculum import Curriculum
    from feint.sim.training.parameter_point import Point


BESIDE_SETTINGS = ("start", "match")  # options that also say what is trained


def point_of(file: Path | None, settings: Sequence[str] | Mapping[str, Any] | None, **more: str) -> Point:
    """Return the point that file and settings describe; `more` is its start and its matching rule."""
    from feint.agents.model import Model
    from feint.sim.training.configuration import Configuration, load
    from feint.sim.training.curriculum import pretrain_finetune
    from feint.sim.training.parameter_point import Point

    configured = load(file) if file else Configuration(model=Model())
    model, curriculum = configured.with_settings(settings or [], fallback=pretrain_finetune())
    if not isinstance(model.similarity, tuple):  # which would name them
        _warn_of_gaps(curriculum)
    return Point(model=model, curriculum=curriculum, **more)


def _warn_of_gaps(curriculum: Curriculum) -> None:
    """Warn if there are objectives that no stage trains, since each makes worlds larger."""
    trained = {stage.objective for stage in curriculum}
    if missing := [i for i in range(1, curriculum.objectives) if i not in trained and curriculum.objectives > 2]:
        named = f"{missing[0]}" if len(missing) == 1 else f"{missing[0]} to {missing[-1]}"
        say_aside(f"warning: there are {curriculum.objectives} objectives, of which no stage trains {named}.")


def varied_settings(settings: Sequence[str] | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings of one value, and those of several, which make a table; a list of groups is one value."""
    from feint.sim.training.configuration import Several, parse_settings, single_value

    values = parse_settings(settings or [])
    listed = {name: v for name, v in values.items() if isinstance(v, Several) and not name.endswith("carry")}
    several = {name: [single_value(name, value) for value in each] for name, each in listed.items()}
    return {name: value for name, value in values.items() if name not in several}, several


def versus_of(file: Path | None, settings: Sequence[str], **more: str) -> Point:
    """Return the second setting, which begins where the first one did: with the file, or the defaults."""
    from feint.sim.training.configuration import parse_settings

    values = parse_settings([setting for setting in settings if setting], "versus")
    more |= {name: str(values.pop(name)) for name in BESIDE_SETTINGS if name in values}
    return point_of(file, values, **more)


def with_second_setting(words: Sequence[str]) -> list[str]:
    """Return the words of a command line in which what follows `--versus` is a value of that option."""
    if "--versus" not in words:
        return [*words]
    at = [*words].index("--versus")
    made, rest = [*words[:at]], [*words[at + 1 :]]
    made += ["--versus", rest.pop(0) if rest and "=" in rest[0] and rest[0][0] != "-" else ""]
    while rest:
        flag, equals, value = rest.pop(0).partition("=")
        if flag in ("--set", *(f"--{name}" for name in BESIDE_SETTINGS)) and (equals or rest):
            value = value if equals else rest.pop(0)
            made += ["--versus", value if flag == "--set" else f"{flag[2:]}={value}"]
        else:
            made.append(f"{flag}{equals}{value}")
    return made
