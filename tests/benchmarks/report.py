"""Tables and figures of the manual, from the JSON of a run: `PYTHONPATH=tests python -m benchmarks.report FILE`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.charts import peers_figure, scaling_figure
from benchmarks.goals import GOALS, measured
from benchmarks.results import STAGES, TO_THE_END, Results
from feint.sim.results.figure_style import save

ROOT = Path(__file__).parents[2]
HEADER = "<!-- generated: nox -s bench -->"
BEGIN, END = "<!-- speed: nox -s bench -->", "<!-- /speed -->"
AXES = {"test_runs": "runs", "test_steps[training alone]": "steps", "test_steps[whole]": "steps", "test_modes": "modes"}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of Markdown."""
    head = list(head)
    lines = [head, ["---"] * len(head), *map(list, rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def number(value: float) -> str:
    """A cost or a ratio with three digits or more."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def machine(results: Results) -> str:
    """On what, with what and when this was measured."""
    told, versions = results.machine, results.machine.get("versions", {})
    processor = told.get("cpu", {}).get("brand_raw") or told.get("machine", "a processor")
    cores = told.get("cores")
    load = told.get("load")
    parts = [
        f"Measured on {results.date} on {processor}" + (f", {cores} cores" if cores else ""),
        f"commit {results.commit['id'][:10]}{' with changes' if results.commit.get('dirty') else ''}",
        *(f"{name} {version}" for name, version in versions.items() if version),
        *([f"load {load:.1f} when it began"] if load is not None else []),
        *(["quick form: few rounds, small sizes"] if told.get("quick") else []),
    ]
    return "; ".join(parts) + "."


def goals_table(results: Results) -> str:
    """Each goal beside what was measured."""

    def rows() -> Iterator[tuple[str, str, str]]:
        for goal in GOALS:
            found = measured(goal, results)
            yield (goal, found.told, "yes" if found.met else "no") if found else (goal, "not measured", "–")

    return table(("goal", "measured", "met"), rows())


def peers_table(results: Results) -> str:
    """Nanoseconds per run-step of all who were there, and multiples of Feint's."""
    by_stage = results.by_stage("test_peers")
    names = dict.fromkeys(name for found in by_stage.values() for name in found["times Feint"])
    head = ["ns per run-step of one core (× Feint)", *(STAGES[stage] for stage in by_stage)]

    def cell(found: dict, name: str) -> str:
        if name not in found["times Feint"]:
            return "–"
        return f"{number(found['ns per run-step'][name])} (× {number(found['times Feint'][name])})"

    return table(head, ([name, *(cell(found, name) for found in by_stage.values())] for name in names))


def short_table(results: Results) -> str:
    """The peers in the first stage alone, the quickest first: the table of the README."""
    found = results.by_stage("test_peers").get(TO_THE_END)
    if not found:
        return ""
    costs = sorted(found["ns per run-step"].items(), key=lambda pair: pair[1])
    rows = ((name, number(cost), number(found["times Feint"][name])) for name, cost in costs)
    return f"{table(('', 'ns per run-step', '× Feint'), rows)}\n\n{machine(results)}\n"


def with_table(page: str, results: Results) -> str:
    """The README with its table of speed written anew."""
    return re.sub(rf"(?<={BEGIN}\n).*?(?={END})", lambda _: short_table(results), page, flags=re.DOTALL)


def kernel_table(results: Results) -> str:
    """Precisions, honeypots and other forms beside the default."""
    found = results.of("test_kernel")
    costs, ratios = found["ns per run-step"], found["times single"]
    rows = ((name, number(cost), number(ratios[name])) for name, cost in costs.items())
    return table(("kernel", "ns per run-step", "× single"), rows)


def scaling_table(results: Results) -> str:
    """Cost of a run-step along each axis."""
    rows = []
    for name, axis in AXES.items():
        found = results.of(name)
        if found:
            pairs = zip(found[axis], found["ns per run-step"], strict=True)
            rows.append((axis, found["held"], ", ".join(f"{size:,}: {number(cost)}" for size, cost in pairs)))
    return table(("varied", "held", "ns per run-step"), rows)


def environments_table(results: Results) -> str:
    """A step of many runs under oversight beside one of Gymnasium's vectorised CartPole."""
    found = results.of("test_environments")
    costs, ratios = found["ns per step"], found["times CartPole"]
    head = (f"{found['environments']:,} at once", "ns per step", "× CartPole", "ns per run-step")
    each = found["ns per run-step"]
    rows = (
        (name, number(cost), number(ratios[name]), number(each[name]) if name in each else "–")
        for name, cost in costs.items()
    )
    return table(head, rows)


def end_to_end(results: Results) -> str:
    """What the README's main command takes."""
    found = results.of("test_compare")
    return (
        f"`feint compare --json`, the whole process with warm caches: {found['seconds']:.2f} s "
        f"({found['of processors']:.2f} s of processors), of which {found['seconds in threads']:.2f} s go to starts, "
        f"training and reading: {found['run-steps'] / 1e6:.1f} million run-steps in {found['threads']} threads."
    )


def page(results: Results) -> str:
    """All tables, those that nothing was measured for left out."""
    parts = [HEADER, machine(results), goals_table(results)]
    if results.by_stage("test_peers"):
        parts.append(peers_table(results))
        parts += [f"{name} did not run: {why}." for name, why in missing(results).items()]
    if results.of("test_kernel"):
        parts.append(kernel_table(results))
    if any(map(results.of, AXES)):
        parts.append(scaling_table(results))
    if results.of("test_environments"):
        parts.append(environments_table(results))
    if results.of("test_compare"):
        parts.append(end_to_end(results))
    return "\n\n".join(parts) + "\n"


def missing(results: Results) -> dict[str, str]:
    """The peers that could not run, and why."""
    return {name: why for found in results.by_stage("test_peers").values() for name, why in found["cannot run"].items()}


def write(results: Results, docs: Path) -> list[Path]:
    """Write tables and figures into the folder of the manual; returns what was written."""
    (docs / "figures").mkdir(exist_ok=True)
    written = [docs / "speed_table.md"]
    written[0].write_text(page(results))
    readme = docs.parent / "README.md"
    if readme.exists() and results.by_stage("test_peers"):
        written.append(readme)
        readme.write_text(with_table(readme.read_text(), results))
    passport = {"kind": "speed", "commit": results.commit, "machine": machine(results)}
    drawn = {"speed_scaling.png": scaling_figure(results), "speed_peers.png": peers_figure(results)}
    for name, figure in drawn.items():
        if figure is not None:
            written.append(docs / "figures" / name)
            save(figure, written[-1], passport)
    return written


def main(path: str, docs: str = str(ROOT / "docs")) -> None:
    """Write what a file of results says into the manual, and print the goals."""
    results = Results.load(Path(path))
    print(f"{machine(results)}\n\n{goals_table(results)}\n")
    print("written:", *write(results, Path(docs)))


if __name__ == "__main__":
    main(*sys.argv[1:])
