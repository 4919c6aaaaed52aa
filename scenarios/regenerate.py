"""Reproduces a figure, or its data, from the passport in the file, and compares the result with the file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import Field

from feint.agents.errors import MOST_NAMED, InputError, check_output, escaped
from feint.scenarios.requests import KINDS, loaded
from feint.sim.ensembles.runner import check_threads
from feint.sim.results import figure_style, provenance
from feint.sim.results.figure_look import Look
from feint.sim.results.provenance import SCHEMA, difference_text, passport_in
from feint.sim.results.report import Hidden, Report, wrapped
from feint.sim.results.request import Option, Progress, Request, defaults_of
from feint.sim.training.parameter_point import Point

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Passport = Mapping[str, Any]
Result = TypeVar("Result")
HALF_WIDTH = 0.005  # of an interval that some thousand runs give
MOST_WORK = 100  # as much as the command does without options: a passport of another's hand may ask for any amount
USUAL = 10_000  # of what is counted, where a command has no default
NOT_WORK = ("seed", "run", "objectives")  # numbers that say which, not how much
GRAPH = ".graphml"
NONE = "none"  # in place of a version or commit that is not known
SWEPT = {
    "sensitivity": "feint sensitivity DIR --figure FILE",
    "map": "feint map DIR --x NAME --y NAME --figure FILE",
    "regions": "feint regions DIR --figure FILE",
    "share": "feint share DIR --figure FILE",
    "sweep": "feint sweep STUDY.toml --out DIR --resume --figure FILE",
}
"""Kinds of figures that are drawn from a sweep's folder, and the command that draws them."""
OF_NETWORKS = {
    "networks": "feint scenario wrappers --networks --figure FILE, or revival in its place",
    "networks-transfer": "feint scenario transfer --networks --figure FILE",
}
"""Kinds of an earlier version, and the command that draws them; now they have the kinds of their scenarios."""
MEANINGS = {
    "same": "the same to the byte",
    "redrawn": "the same data, drawn otherwise",
    "numbers": "other numbers",
    "different": "drawn otherwise; whether the numbers are the same its passport does not say",
}
"""Outcome of a comparison → what it means."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A version, processor or commit that has changed."""

    then: str
    now: str


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Regenerated(Report):
    """Comparison of a file with what its passport makes now."""

    file: str
    kind: Annotated[  # pyright: ignore[reportIncompatibleVariableOverride] - the file's, which has a passport of its own
        str, Field(description="what the file holds, such as figure, comparison or trajectory")
    ] = field()
    outcome: Annotated[str, Field(description=", ".join(f"{name}: {meaning}" for name, meaning in MEANINGS.items()))]
    difference: Annotated[str | None, Field(description="the first difference between numbers, if it is known")]
    changed: Annotated[dict[str, Change], Field(description="versions, processor or commit that have changed")]
    original: Hidden[Passport]  #: the file's own passport
    made: Hidden[Report]  #: what the passport makes now
    which: Hidden[int]  #: the number of the drawing that was compared
    request: Hidden[RegenerateRequest]

    @property
    def exit_code(self) -> int:
        """0 if the file came out the same, else 1."""
        return int(self.outcome != "same")

    def blocks(self) -> Iterable[str]:
        """Return a sentence, and one line per change of what made the file."""
        where = f": {escaped(self.difference)}" if self.difference else ""
        first = wrapped(f"{escaped(self.file)}: {MEANINGS[self.outcome]}{where}.")
        said = {name: escaped(f"{change.then} then, {change.now} now") for name, change in self.changed.items()}
        changes = (f"  {escaped(name)}: {change}" for name, change in said.items())
        return ["\n".join([first, *changes])]

    def rows(self) -> list[dict[str, str]]:
        """Return what has changed, then and now."""
        return [{"name": name, "then": change.then, "now": change.now} for name, change in self.changed.items()]

    def drawing(self) -> Figure:
        """Draw the figure that was made again."""
        return self.made.drawings()[self.which]()

    def passport(self) -> dict[str, Any]:
        """Return the file's own passport."""
        return dict(self.original)


@dataclass(frozen=True, kw_only=True)
class RegenerateRequest(Request):
    """Make a file again from its passport, and report whether the two are the same (exit code 0)."""

    kind = "regenerate"
    unit = ""
    drawn = False  # `out` keeps the figure

    file: Annotated[Path, Option("A figure that Feint wrote, its data (.csv), or a .graphml.", "FILE", argument=True)]
    out: Annotated[Path | None, Option("Keep what was made, as this file.", "FILE", written=True)] = None
    force: Annotated[
        bool, Option(f"Also do more than {MOST_WORK} times the work of the command as it is; replace what --out names.")
    ] = False

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Regenerated:  # noqa: ARG002
        """Compute and compare; raises `InputError` for a file without a passport, or one that cannot be followed."""
        check_threads(threads)
        original, out = passport_in(self.file), self.out
        if out is not None and out.resolve() == self.file.resolve():
            raise InputError(f"out = {str(out)!r} is the file that is compared: name another one.")
        look = Look.from_configuration(original.get("figure", {}))
        if out is not None and _is_csv(out):
            check_output("out", out)
        elif out is not None and (_is_csv(self.file) or GRAPH in {self.file.suffix.lower(), out.suffix.lower()}):
            right = f"it must end in {self.file.suffix.lower()}, as the file does"
            if out.suffix.lower() != self.file.suffix.lower():
                raise InputError(f"out = {str(out)!r} does not fit data: {right}.")
            check_output("out", out)
        elif out is not None:
            figure_style.check_figure_path(out)
        request = request_of(original)
        if not self.force and (times := work_of(request)) > MOST_WORK:
            asks = f"asks for about {times:,.0f} times the work of the command as it is without options"
            raise InputError(f"file = {str(self.file)!r} {asks}: write --force if that is what you want.")
        report = _followed(original["kind"], lambda: request.run(threads=threads))
        which, outcome, difference = _compare(self.file, original, report, look)
        if out is not None:
            _write(report, out, which, look)
        return Regenerated(
            file=str(self.file),
            kind=original["kind"],
            outcome=outcome,
            difference=difference,
            changed=_changes(original, report.passport()),
            original=original,
            made=report,
            which=which,
            request=self,
        )


def regenerate(
    path: str | Path, *, out: str | Path | None = None, force: bool = False, threads: int | None = None
) -> Regenerated:
    """Make a figure, or its data, again from nothing and compare it with the file.

    `path` is a file that Feint wrote: a figure, .graphml or .csv; what is made is kept as `out`. Raises
    `InputError` if the file has no passport, one that cannot be followed, or, without `force`, one that asks for more
    than 100 times the work of its command as it is without options.
    """
    request = RegenerateRequest(file=Path(path), out=None if out is None else Path(out), force=force)
    return request.run(threads=threads)


def report_of(passport: Passport, threads: int | None = None) -> Report:
    """Compute the report that a passport describes; raises `InputError` if that is not possible."""
    request = request_of(passport)
    return _followed(passport["kind"], lambda: request.run(threads=threads))


def work_of(request: Request) -> float:
    """Return how much a request computes, in units of what it does without options."""
    times = 1.0
    for name, default in defaults_of(type(request)).items():
        value = getattr(request, name)
        if isinstance(value, Point):
            usual = Point().curriculum
            steps = sum(stage.steps for stage in value.curriculum) / sum(stage.steps for stage in usual)
            times *= max(1, steps) * max(1, value.model.modes / Point().model.modes)
        elif isinstance(value, Mapping):
            usual = getattr(getattr(request, "picture", None), "full", {})
            times *= prod(_times(number, usual.get(key)) for key, number in value.items())
        elif name == "half_width" and value:
            times *= max(1, (HALF_WIDTH / value) ** 2)
        elif name not in NOT_WORK:
            times *= _times(value, default)
    return times


def _times(value: Any, default: Any) -> float:
    """Return how many times its default a number is, at least 1; 1 for what is not a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        return 1
    usual = default if isinstance(default, int) and default > 0 else USUAL
    return max(1, min(value, 2**64) / usual)


def _followed(kind: str, make: Callable[[], Result]) -> Result:
    """Return what is made of a passport; a mistake in it that nothing else has found is `InputError`."""
    try:
        return make()
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise InputError(f"kind = {kind!r} has a passport that this version of Feint cannot read: {error!r}.") from None


def request_of(passport: Passport) -> Request:
    """Return the request that a passport describes, checked as a whole; raises `InputError`."""
    kind = passport["kind"]
    if kind in SWEPT:
        raise InputError(f"kind = {kind!r} is drawn from a sweep's folder, which no figure holds: run {SWEPT[kind]}.")
    if kind in OF_NETWORKS:
        why = "is of an earlier version, which does not name the scenario"
        raise InputError(f"kind = {kind!r} {why}: run {OF_NETWORKS[kind]}.")
    if kind not in KINDS:
        known = ", ".join([*KINDS][:MOST_NAMED])
        raise InputError(f"kind = {kind!r} is no figure that can be drawn again: known are {known} and others.")
    return _followed(kind, lambda: loaded(KINDS[kind]).from_configuration(passport["configuration"]))


def _is_csv(path: Path) -> bool:
    return path.suffix.lower() == ".csv"


def _content(report: Report) -> str | None:
    """Return the data of a figure of the gallery; None for other figures."""
    return getattr(report, "content", None)


def _write(report: Report, path: Path, which: int, look: Look) -> None:
    """Write the drawing of this number, or the data."""
    content, passport = _content(report), report.passport()
    if not _is_csv(path):
        _draw(report, path, which, passport, look)
    elif content is None:
        raise InputError(f"out = {str(path)!r} does not fit: a figure of this kind has no data of its own.")
    else:
        provenance.write_csv(path, content, {name: value for name, value in passport.items() if name != "drawn"})


def _draw(report: Report, path: Path, which: int, passport: Passport, look: Look) -> None:
    """Write the drawing of this number in this look, or the graph, with a passport."""
    if path.suffix.lower() != GRAPH:
        figure_style.save(look.drawn(report.drawings()[which]), path, dict(passport), look)
    elif write := getattr(report, "write_graph", None):
        write(path, passport)
    else:
        raise InputError(f"file = {str(path)!r} does not fit: a result of this kind is no graph.")


def _compare(path: Path, original: Passport, report: Report, look: Look) -> tuple[int, str, str | None]:
    """Return which of the drawings the file holds, how they compare, and the first difference of numbers.

    The new figure is saved with the original's passport, so that only the drawing is compared.
    """
    content = _content(report)
    if _is_csv(path):
        same = provenance.read_csv(path)[0] == (content or "")
        return (0, "same", None) if same else (0, "numbers", _difference_of_data(path, original, content or ""))
    if content is not None and original.get("data") != provenance.digest(content):
        return 0, "numbers", _difference_of_data(path, original, content)
    with TemporaryDirectory() as folder:
        again = Path(folder) / path.name
        for which in range(1 if path.suffix.lower() == GRAPH else len(report.drawings())):
            _draw(report, again, which, original, look)
            if again.read_bytes() == path.read_bytes():
                return which, "same", None
    if original["passport"] == SCHEMA:  # a verdict, say, may differ from what was requested
        now = json.loads(json.dumps(report.passport()["configuration"]))
        if difference := difference_text(original["configuration"], now):
            return 0, "numbers", difference
    return 0, "different" if content is None else "redrawn", None


def _difference_of_data(path: Path, original: Passport, content: str) -> str | None:
    """Return the first difference to the data in the file, or to those that a figure has beside it."""
    try:
        before, _ = provenance.read_csv(path if _is_csv(path) else path.with_suffix(".csv"))
    except InputError:
        return None
    edited = provenance.digest(before) != original.get("data")
    if edited and not _is_csv(path):
        return None
    note = " (the file was changed after it was computed)" if edited else ""
    return f"{provenance.first_difference(before, content)}{note}"


def _changes(then: Passport, now: Passport) -> dict[str, Change]:
    """Return what computed and drew the file and has changed; data were drawn by nothing."""
    old, new = _makers(then), _makers({name: value for name, value in now.items() if name in then})
    pairs = {name: (old.get(name, NONE), new.get(name, NONE)) for name in dict.fromkeys([*new, *old])}
    return {name: Change(then=before, now=after) for name, (before, after) in pairs.items() if before != after}


def _makers(passport: Passport) -> dict[str, str]:
    """Return versions, processor and commit by name."""
    drawn = passport.get("drawn") or {}
    makers = {**passport["versions"], **drawn.get("versions", {}), **passport.get("platform", {})}
    return {name: escaped(str(value)) for name, value in {**makers, "commit": passport["commit"] or NONE}.items()}
