"""Lists every parameter: default, valid values, prior, off value, meaning, unit, argument and source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np

from feint.agents.mind import GROUPS
from feint.agents.model import Model
from feint.agents.parameters import Parameter, plain
from feint.sim.results.figure_style import SERIES, draw_intervals
from feint.sim.results.report import Hidden, Report, Table, from_attributes
from feint.sim.results.request import Option, Progress, Request
from feint.sim.training.stage import PRETRAINING, Stage

HEADS = ("name", "default", "valid", "prior", "off", "meaning")
KINDS: dict[Literal["model", "stage"], type[Model | Stage]] = {"model": Model, "stage": Stage}
BEFORE, FINE = "pre-training", "fine-tuning"  # kinds of stages that priors may be for
LEGEND = f"""\
Valid: what is accepted. Prior: stated ignorance, for robustness studies; L is log-uniform.
A stage's parameter is set as <stage>.<name>, as in finetuning.honeypots; so are a stage's name and
carry, a list out of {", ".join(GROUPS)}."""


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
        """Return the parameters as tables that fit a terminal, or as those of the manual if that is requested."""
        if self.request.markdown:
            return self.markdown()
        from rich import box
        from rich.console import Console
        from rich.table import Column
        from rich.table import Table as Rich

        console = Console(highlight=False)
        console = console if console.is_terminal else Console(highlight=False, width=200, color_system=None)
        with console.capture() as captured:
            for kind in KINDS.values():
                columns = [Column(head, no_wrap=head != "meaning") for head in HEADS]
                shown = Rich(*columns, box=box.SIMPLE_HEAD, title=f"{kind.__name__} parameters")
                for row in _rows(kind):
                    shown.add_row(*row)
                console.print(shown)
            console.print(LEGEND)
        return captured.get().removesuffix("\n")

    __str__ = text

    def blocks(self) -> list[Table]:
        """Return the parameters as tables for a notebook."""
        return [Table.of_cells(HEADS, _rows(kind), kind.__name__) for kind in KINDS.values()]

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
        axes.set(xlim=(-0.12, 1.14), xticks=[], xlabel=words)
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
    """List every parameter: default, valid values, prior, off value, meaning, unit, argument and source."""

    kind = "parameters"
    threaded = False
    text_only = ("markdown",)

    markdown: Annotated[bool, Option("Print the table of the manual.")] = False

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> ParametersReport:  # noqa: ARG002
        """Return the declarations."""
        listed = [
            from_attributes(ParameterFacts, parameter, of=kind)
            for kind, declared in KINDS.items()
            for parameter in declared.parameters().values()
        ]
        return ParametersReport(parameters=listed, request=self)


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


def _cells(parameter: Parameter) -> tuple[str, ...]:
    measured = "" if parameter.unit == "1" else f", in {parameter.unit}"
    phase = "; in parentheses: of pre-training" if _differs(parameter) else ""
    source = parameter.source[0].upper() + parameter.source[1:]
    meaning = f"{parameter.meaning}{measured}{phase}. {parameter.argument.capitalize()}. {source}."
    return (parameter.name, _default(parameter), parameter.brief, parameter.prior_text, plain(parameter.off), meaning)
