"""Lists every parameter: default, valid values, prior, off value, meaning, unit, argument and source."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np

from feint.agents.errors import unknown
from feint.agents.mind import GROUPS
from feint.agents.model import Model
from feint.agents.parameters import Parameter, plain
from feint.sim.results.figure_style import PAGE_WIDTH, SERIES, draw_intervals
from feint.sim.results.report import GAP, KEPT, Hidden, Report, Table, from_attributes, line_width, wrapped
from feint.sim.results.request import Option, Progress, Request
from feint.sim.training.stage import PRETRAINING, Stage

HEADS = ("name", "default", "valid", "prior", "off", "meaning")
KINDS: dict[Literal["model", "stage"], type[Model | Stage]] = {"model": Model, "stage": Stage}
BEFORE, FINE = "pre-training", "fine-tuning"  # kinds of stages that priors may be for
LISTED = "feint.sim.training.parameters_report:NAMES"
LEGEND = (
    "Valid: what is accepted. Prior: stated ignorance, for robustness studies; L is log-uniform. A stage's parameter "
    "is set as <stage>.<name>, as in finetuning.honeypots; so are a stage's name and carry, a list out of "
    f"{', '.join(GROUPS)}. `feint parameters NAME` prints one in full, and any other word finds those that have it."
)


@dataclass(frozen=True, kw_only=True)
class ParameterFacts:
    """Declaration of one parameter."""

    of: Literal["model", "stage"]
    name: str
    default: int | float | str
    valid: tuple[int | float | None, int | float | None]
    choices: tuple[str, ...]
    prior: tuple[float, float] | None
    prior_of: str
    log: bool
    off: float | None
    meaning: str
    unit: str
    argument: str
    source: str


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ParametersReport(Report):
    """Declarations of all parameters of a model and of a stage."""

    parameters: list[ParameterFacts]
    request: Hidden[ParametersRequest]

    def text(self) -> str:
        """Return one entry in full, or a short entry for each parameter; the tables of the manual if requested."""
        if self.request.markdown:
            return self.markdown()
        if len(self.parameters) == 1 and self.request.name:
            return _in_full(self.parameters[0])
        texts = []
        for of, kind in KINDS.items():
            short = [_entry(row) for row in self.parameters if row.of == of]
            texts += [f"{kind.__name__} parameters", *short] if short else []
        return "\n\n".join(texts if self.request.name else [*texts, wrapped(LEGEND, "")])

    __str__ = text

    def blocks(self) -> list[Table]:
        """Return the parameters as tables for a notebook."""
        listed = {kind: [row for row in self.parameters if row.of == of] for of, kind in KINDS.items()}
        return [Table.of_cells(HEADS, [*map(_cells, rows)], kind.__name__) for kind, rows in listed.items() if rows]

    def rows(self) -> list[ParameterFacts]:
        """Return the declarations."""
        return self.parameters

    def draw(self, panels: Any) -> None:
        """Draw the prior of each parameter that has one as a line between its ends, with the defaults in it."""
        axes, shown = panels[0, 0], list(enumerate(row for row in self.parameters if row.prior))
        before = {y: _place(row, PRETRAINING[row.name]) for y, row in shown if row.prior_of != FINE and _differs(row)}
        own = [before[y] if row.prior_of == BEFORE else _place(row, row.default) for y, row in shown]
        labels = [f"{row.name} = {_default(row)}" for _, row in shown]
        draw_intervals(axes, labels, {"default": [(place, 0, 1) for place in own]})
        words, look = f"default of {BEFORE}, if it is another", {"fmt": "s", "markersize": 3.5, "color": SERIES[1]}
        axes.errorbar([*before.values()], [*before], label=words, **look)
        for y, row in shown:
            low, high = (f"{end:g}" for end in row.prior or ())
            axes.text(-0.02, y, low, ha="right", va="center", fontsize=7)
            axes.text(1.02, y, high + " L" * row.log, ha="left", va="center", fontsize=7)
        words = "prior, from its low end to its high one (L: on a logarithmic scale)"
        room = 0.13 * PAGE_WIDTH / axes.figure.get_figwidth()
        axes.set(xlim=(-room, 1.02 + room), xticks=[], xlabel=words)
        axes.figure.legend(loc="outside lower center", ncols=2, frameon=False)

    def markdown(self) -> str:
        """Return the parameters as the tables of the manual."""
        lines = []
        for kind in KINDS.values():
            rows = [(f"[`{name}`]{{#{name}}}", *facts) for name, *facts in _rows(kind)]
            cells = [HEADS, ("---",) * len(HEADS), *rows]
            lines += [f"## {kind.__name__} parameters", "", *("| " + " | ".join(row) + " |" for row in cells), ""]
        return "\n".join(lines).rstrip()


@dataclass(frozen=True, kw_only=True)
class ParametersRequest(Request):
    """List every parameter: default, valid values, prior, off value, meaning, unit, argument and source.

    With the name of one, print it in full; with any other word, list those whose name, meaning or argument has it.
    """

    kind = "parameters"
    threaded = False
    text_only = ("markdown",)

    name: Annotated[
        str | None,
        Option("A parameter, also as stage.name, or a word.", "[NAME|WORD]", argument=True, choices=LISTED),
    ] = None
    markdown: Annotated[bool, Option("Print the table of the manual.")] = False

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> ParametersReport:  # noqa: ARG002
        """Return the declarations; raises `InputError` if none has the word."""
        listed = [
            from_attributes(ParameterFacts, parameter, of=kind)
            for kind, declared in KINDS.items()
            for parameter in declared.parameters().values()
        ]
        return ParametersReport(parameters=_named(listed, self.name) if self.name else listed, request=self)


NAMES = tuple(name for kind in KINDS.values() for name in kind.parameters())


def _named(listed: list[ParameterFacts], word: str) -> list[ParameterFacts]:
    """Return the parameter of this name, or those that have the word; raises `InputError` if there is none."""
    name, word = word.rpartition(".")[2], word.casefold()
    texts = {row.name: " ".join((row.name, row.meaning, row.argument, row.source)).casefold() for row in listed}
    found = [row for row in listed if row.name == name] or [row for row in listed if word in texts[row.name]]
    if not found:
        raise unknown("parameter", name, NAMES)
    return found


def _entry(row: ParameterFacts) -> str:
    """Return a parameter in a few lines: its value, and its meaning below."""
    parameter = _declared(row)
    values = {"valid": parameter.brief, "prior": parameter.prior_text, "off": plain(row.off)}
    known = [f"{name} {value.replace(' ', KEPT)}" for name, value in values.items() if value != "–"]
    first = wrapped(f"{row.name} = {_default(row)}" + "".join(f"{GAP}{part}" for part in known), "    ")
    meaning = textwrap.fill(_meaning(parameter), line_width(), initial_indent="    ", subsequent_indent="    ")
    return f"{first}\n{meaning}"


def _in_full(row: ParameterFacts) -> str:
    """Return everything about one parameter."""
    parameter = _declared(row)
    place = f"{row.name}={plain(row.default)}" if row.of == "model" else f"finetuning.{row.name}={plain(row.default)}"
    facts = {
        "of": f"the {row.of}, set as --set {place.replace(',', '')}",
        "default": _default(row) + f" (of {BEFORE})" * _differs(row),
        "unit": "none" if row.unit == "1" else row.unit,
        "valid": parameter.allowed,
        "prior": parameter.prior_text.replace(" L", ", uniform in the logarithm"),
        "off": "–" if row.off is None else f"{plain(row.off)}, which removes the mechanism",
        "meaning": f"{parameter.meaning}.",
        "argument": row.argument,
        "source": row.source,
    }
    lines = (wrapped(f"  {name:9} {text}", " " * 12) for name, text in facts.items() if text != "–")
    return "\n".join([row.name, *lines])


def _declared(row: ParameterFacts) -> Parameter:
    return KINDS[row.of].parameters()[row.name]


def _rows(kind: type[Model | Stage]) -> list[tuple[str, ...]]:
    """Return the facts of every parameter of a kind in words, in the order of HEADS."""
    return [_cells(parameter) for parameter in kind.parameters().values()]


def _differs(parameter: Parameter | ParameterFacts) -> bool:
    return isinstance(PRETRAINING.get(parameter.name), (int, float))


def _default(parameter: Parameter | ParameterFacts) -> str:
    """Return the default and, in parentheses, that of pre-training if it is another."""
    return plain(parameter.default) + (f" ({plain(PRETRAINING[parameter.name])})" if _differs(parameter) else "")


def _place(parameter: ParameterFacts, value: Any) -> float:
    """Return the place of a value in a parameter's prior, from 0 to 1."""
    scale: Any = np.log if parameter.log else np.array
    return float(np.interp(scale(value), scale(parameter.prior), (0, 1)))


def _cells(row: Parameter | ParameterFacts) -> tuple[str, ...]:
    parameter = _declared(row) if isinstance(row, ParameterFacts) else row
    meaning, off = _meaning(parameter), plain(parameter.off)
    return (parameter.name, _default(parameter), parameter.brief, parameter.prior_text, off, meaning)


def _meaning(parameter: Parameter) -> str:
    """Return meaning, unit, argument and source as sentences."""
    measured = "" if parameter.unit == "1" else f", in {parameter.unit}"
    phase = "; in parentheses: of pre-training" if _differs(parameter) else ""
    source = parameter.source[0].upper() + parameter.source[1:]
    return f"{parameter.meaning}{measured}{phase}. {parameter.argument.capitalize()}. {source}."
