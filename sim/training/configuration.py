"""Configuration: model and curriculum from TOML files and from NAME=VALUE settings."""

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from feint.agents.errors import InputError, load_extra, unknown
from feint.agents.model import Model
from feint.sim.results.request import MOST_SEED
from feint.sim.training.curriculum import Curriculum, Match, check_parts, pretrain_finetune
from feint.sim.training.parameter_point import Point, by_stage
from feint.sim.training.stage import Stage

TABLES = ("model", "stage", "view", "because")
Parsed = TypeVar("Parsed")
Stages = Curriculum | str | Path
"""A curriculum, or the name of a file that holds one, as functions take it."""
ModelValues = Model | Mapping[str, Any]
"""A model, or the values of its parameters by name, as functions take it."""


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """A model and, if given, a curriculum; `view` and `because` are comments and change no number."""

    model: Model
    curriculum: Curriculum | None = None
    view: Mapping[str, Any] = field(default_factory=dict)
    because: Mapping[str, Any] = field(default_factory=dict)

    def with_settings(
        self, settings: Iterable[str] | Mapping[str, Any], fallback: Curriculum
    ) -> tuple[Model, Curriculum]:
        """Return model and curriculum, else `fallback`, with `name=value` and `stage.name=value` applied."""
        curriculum = self.curriculum or fallback
        parsed = settings if isinstance(settings, Mapping) else parse_settings(settings)
        of_model, of_stages = by_stage({name: single_value(name, value) for name, value in parsed.items()})
        for name in of_model:
            if name in Stage.model_fields and name not in Model.model_fields:
                choices = " or ".join(f"{stage}.{name}" for stage in curriculum.names)
                raise InputError(f"{name} is a parameter of a stage: write {choices}.")
        for stage in of_stages:
            if stage not in curriculum.names:
                raise unknown("stage", stage, curriculum.names)
        return self.model.replace(**of_model), curriculum.replace(of_stages)


def load(path: str | Path) -> Configuration:
    """Read a model, a curriculum or both from a TOML file.

    Parameters
    ----------
    path
        The file: a `[model]` table, a list of `[[stage]]` tables, or both.

    Returns
    -------
    Configuration
        It has `model`, and `curriculum` if there are stages.

    Raises
    ------
    InputError
        If the file cannot be read or is not valid; it names the file, the place and what would be right.

    """
    return read_file(path, from_tables)


def point_of(
    curriculum: Stages | None = None,
    model: ModelValues | None = None,
    start: str = "fresh",
    match: str | Match = Match.TARGET,
) -> Point:
    """Return the point of the arguments of `simulate`; raises `InputError` if one is not valid.

    A curriculum may be the name of a file, as `load` reads it: its model is then changed by what `model` gives.
    """
    model = Model.of(model)
    if isinstance(curriculum, (str, Path)):
        configured = load(curriculum)
        curriculum, model = configured.curriculum, configured.model.replace(**model.given())
    curriculum = pretrain_finetune() if curriculum is None else curriculum
    check_parts(curriculum)
    return Point(model=model, curriculum=curriculum, start=start, match=Match.named(match).value)


def read_file(path: str | Path, parse: Callable[[dict[str, Any]], Parsed]) -> Parsed:
    """Return what `parse` makes of a TOML, YAML or JSON file; raises `InputError` that names the file.

    The ending says which it is: .yaml, .yml or .json, and TOML for any other.
    """
    path = Path(path)
    kind, read = NOTATIONS.get(path.suffix.lower(), ("TOML", tomllib.loads))
    try:
        content = read(path.read_text(encoding="utf-8-sig"))
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except OSError as error:
        raise InputError(f"{path}: the file cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: this is not a {kind} file: {error}.") from None
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise InputError(f"{path}: this is no table of names and values, such as seed and vary.")
    try:
        check_numbers(content)
        return parse(content)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except (TypeError, LookupError, AttributeError, OverflowError, RecursionError) as error:
        raise InputError(f"{path}: a value has a type that is not valid where it stands: {error}.") from None


def check_numbers(content: Mapping[str, Any]) -> None:
    """Raise `InputError` if a whole number in tables and lists is not one of TOML, which has 64 bits."""
    waiting = [*content.items()]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, (Mapping, list)):
            waiting += value.items() if isinstance(value, Mapping) else [(name, item) for item in value]
        elif isinstance(value, int) and abs(value) > MOST_SEED:
            raise InputError(f"{name} is a number of {value.bit_length():,} bits: a whole number has at most 64.")


def _from_json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_once)


def _from_yaml(text: str) -> Any:
    """Return the content of YAML 1.2: 1e-3 is a number, `off` and dates are texts, and no name stands twice."""
    yaml = load_extra("yaml", "a file in YAML")

    class Loader(yaml.SafeLoader):
        """Reader of the core schema."""

        yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}

    for tag, pattern, first in CORE:
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))
    Loader.add_constructor("tag:yaml.org,2002:map", lambda loader, node: _once(loader.construct_pairs(node, deep=True)))
    Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(loader.construct_scalar(node)))
    try:
        return yaml.load(text, Loader)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None


def _once(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    """Return a table of pairs; raises `InputError` for a name that stands twice."""
    table: dict[Any, Any] = {}
    for name, value in pairs:
        if not isinstance(name, str):
            raise InputError(f"{name!r} is not valid as a name: it must be a text.")
        if name in table:
            raise InputError(f"{name} stands twice in one table: give it once.")
        table[name] = value
    return table


CORE = (
    ("null", r"^(null|~|)$", "n~"),
    ("bool", r"^(true|false)$", "tf"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", "-+.0123456789"),
)
"""Plain scalars of YAML's core schema: tag, pattern, and what they may begin with."""
NOTATIONS: dict[str, tuple[str, Callable[[str], Any]]] = {
    ".json": ("JSON", _from_json),
    ".yaml": ("YAML", _from_yaml),
    ".yml": ("YAML", _from_yaml),
}
"""Notations besides TOML, by the ending of a file's name."""
FILES = (".toml", *NOTATIONS)
"""Endings of files that `read_file` reads, in small letters or capitals."""


def from_tables(content: Mapping[str, Any]) -> Configuration:
    """Return the configuration in the tables of a file."""
    for name in content:
        if name not in TABLES:
            raise unknown("table", name, TABLES)
    model, stages = content.get("model", {}), content.get("stage", [])
    if not isinstance(model, Mapping):
        raise InputError(f"model = {model!r} is not a table: write [model], and its parameters below.")
    comments = {name: content.get(name, {}) for name in ("view", "because")}
    for name, table in comments.items():
        if not isinstance(table, Mapping):
            raise InputError(f"{name} = {table!r} is not a table: write [{name}], and what belongs to it below.")
    if not isinstance(stages, list) or not all(isinstance(stage, Mapping) for stage in stages):
        raise InputError(f"stage = {stages!r} is not a list of tables: begin each stage with [[stage]].")
    if stages == [] and "stage" in content:
        raise InputError("stage = [] names no stage: begin each stage with [[stage]], or leave stage out.")
    for name in model:
        if name in Stage.model_fields and name not in Model.model_fields:
            raise InputError(f"{name} is a parameter of a stage: write it below a [[stage]], and not below [model].")
    if not content:
        raise InputError("the file is empty: it needs a [model] table, [[stage]] tables, or both.")
    curriculum = Curriculum(*(_stage(i, stage) for i, stage in enumerate(stages, 1))) if stages else None
    return Configuration(model=Model(**model), curriculum=curriculum, **comments)


def parse_settings(settings: Iterable[str], option: str = "set") -> dict[str, Any]:
    """Return the values of several `name=value` settings; raises `InputError` if a name is given twice."""
    values: dict[str, Any] = {}
    for setting in settings:
        name, value = parse_setting(setting, option)
        if name in values:
            known = f"after {values[name]!r}"
            raise InputError(f"{option} = {setting!r} names {name} a second time, {known}: give it once.")
        values[name] = value
    return values


PARTS = re.compile(r"""(?:\[[^\]]*\]|\{[^}]*\}|"[^"]*"|'[^']*'|[^,])+|(?<=,)(?=,|$)""")
"""What stands between commas."""


class Several(tuple[Any, ...]):
    """Values with commas between, as in `similarity=0.1,0.5,0.9`: one after the other, or a list."""

    text = ""  #: as they were written


def separated(text: str) -> list[str]:
    """Return the parts of a text between commas that are not within brackets, braces or quotes."""
    return [part.strip() for part in PARTS.findall(text)]


def single_value(name: str, value: Any) -> Any:
    """Return the value of a parameter; raises `InputError` for several values, if it does not hold a list."""
    whole = _declared_whole(name)
    if not isinstance(value, Several):
        return int(value) if whole and isinstance(value, float) and value.is_integer() else value
    if name.rpartition(".")[2] == "carry":
        return list(value)
    raise InputError(
        f"{name} = {value.text} are {len(value)} values, of which only compare and simulate make a table: give one; "
        "a list stands in brackets, and a number has no commas."
    )


def _declared_whole(name: str) -> bool:
    """Return whether a dotted name is that of a whole number."""
    kind = Stage if "." in name else Model
    declared = kind.parameters().get(name.rpartition(".")[2])
    return declared is not None and type(declared.default) is int


def parse_setting(setting: str, option: str = "set") -> tuple[str, Any]:
    """Return name and value of `name=value`; the value is in TOML's notation, and `Several` with commas between."""
    name, equals, text = (part.strip() for part in setting.partition("="))
    if not (name and equals and text) or "\n" in setting:
        raise InputError(f"{option} = {setting!r} is not a setting: write name=value, as in similarity=0.9.")
    value, parts = _parsed(text), separated(text)
    if value == text and len(parts) > 1:
        value = Several(map(_parsed, parts))
        value.text = text
    check_numbers({name: list(value) if isinstance(value, Several) else value})
    return name, value


def _parsed(text: str) -> Any:
    """Return a value in TOML's notation; a number in any other notation; else the text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        pass
    try:
        return float(text)
    except ValueError:
        return text


def _stage(number: int, values: Mapping[str, Any]) -> Stage:
    if "name" not in values:
        raise InputError(f'stage {number} has no name: give it one, as in name = "finetuning".')
    try:
        return Stage(**values)
    except InputError as error:
        named = repr(values["name"]) if isinstance(values["name"], str) else str(number)
        raise InputError(f"stage {named}: {error}") from None
