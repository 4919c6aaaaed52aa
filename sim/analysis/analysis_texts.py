"""What the analyses of a sweep say to a person: lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feint.agents.outcome import LABELS
from feint.sim.analysis.grid_slices import level_text, levels
from feint.sim.analysis.response_surface import DIFFERENCE
from feint.sim.results.text_tables import folded, table, wrapped

if TYPE_CHECKING:
    from feint.sim.analysis.grid_slices import Section
    from feint.sim.analysis.plotted_responses import Layer
    from feint.sim.analysis.prior_shares import Shares
    from feint.sim.analysis.response_profiles import Profile
    from feint.sim.analysis.scenario_discovery import Regions
    from feint.sim.analysis.sensitivity import Sensitivity
    from feint.sim.statistics.intervals import Interval

HEADS = {"first": "first", "total": "total", "effect": "mean absolute effect"}
LIMITS = ["estimate", "low", "high"]


def sensitivity_text(found: Sensitivity, confidence: float) -> str:
    """Indices from the largest down, and what the luck of the runs has to do with them."""
    kind = "Sobol indices" if found.method == "Sobol" else "Elementary effects"
    (method, *_) = (interval.method for interval in found.measures[next(iter(found.measures))].values())
    lines = [
        found.response.title,
        wrapped(f"{kind}, {len(found.response.value):,} points, {100 * confidence:g} % intervals ({method})"),
        wrapped(_luck(found)),
        "",
        *table(_indices(found)),
    ]
    sums = _sums(found)
    if sums:
        told = "First-order indices summed by argument; what its parameters do only together is not in the sum:"
        lines += ["", wrapped(told), *table(sums)]
    return "\n".join(lines)


def _indices(found: Sensitivity) -> list[list[str]]:
    """A row a parameter, its argument below it, or a row an argument; the heads of the columns come first."""
    singly = not found.response.study.by_group
    shown = [measure for measure in HEADS if measure in found.measures]
    heads = ["parameter\n  argument" if singly else "argument", *(HEADS[measure] for measure in shown)]
    rows = [[*heads, *(["mean effect", "spread"] if found.mean_effect else [])]]
    for name in found.order:
        cells = [f"{name}\n  {found.groups[name]}" if singly else name]
        cells += [interval_text(found.measures[measure][name]) for measure in shown]
        if found.mean_effect:
            cells += [f"{found.mean_effect[name]:+.3f}", f"{found.spread[name]:.3f}"]
        rows.append(cells)
    return rows


def _sums(found: Sensitivity) -> list[list[str]]:
    """A row an argument of more than one parameter."""
    rows = []
    for group, interval in found.measures.get("first_summed", {}).items():
        parts = [name for name, its in found.groups.items() if its == group]
        if len(parts) > 1:
            rows.append(["\n  ".join([group, *parts]), interval_text(interval)])
    return rows


def _luck(found: Sensitivity) -> str:
    """How much of the variance is Monte Carlo's, and what became of it."""
    if found.response.runs is None:
        return f"variance {found.variance:.3g}"
    whole = found.variance + (found.noise if found.subtracted else 0.0)
    share = f"{100 * found.noise / whole:.1f} %" if whole > 0 else "all"
    seen = f"variance between points {whole:.3g}, Monte Carlo variance {found.noise:.2g} ({share} of it)"
    if found.subtracted:
        return f"{seen}, which is subtracted: streams are independent"
    return f"{seen}; streams are common, so that no luck is charged to a parameter that does not act"


def regions_text(found: Regions, confidence: float) -> str:
    """Each region in a sentence, the highest first."""
    judged = f"regions found on {found.found_on:,} points; means, {100 * confidence:g} % intervals and shares are of "
    judged += f"{found.held_out:,} others"
    if found.explained is not None:
        judged += f", of whose variance they explain {100 * found.explained:.0f} %"
    return "\n".join([found.response.title, judged, "", *found.sentences()])


def share_text(found: Shares, confidence: float) -> str:
    """How much of the prior each kind has, and how much it may have."""
    level = f"{100 * confidence:g} %"
    kinds = f"holds: {found.least:+g} or more; reversed: {-found.least:+g} or less"
    rows = [["", "points", f"share, {level}", "certain", "possible", "sampling alone"]]
    for name, kind in found.kinds.items():
        limits = f"[{kind.sampling.low:.3f}, {kind.sampling.high:.3f}]"
        counts = [f"{kind.certain:,}", f"{kind.possible:,}"]
        rows.append([name, f"{kind.count:,}", interval_text(kind.interval), *counts, limits])
    sample = f"shares of {found.of_what}, {found.points:,} points"
    left = f"{found.unresolved:,} are unresolved: the {level} interval of their own runs holds a limit"
    return "\n".join([found.response.title, wrapped(f"{sample}; {left}"), kinds, "", *table(rows)])


def map_text(found: Section) -> str:
    """A table a layer and panel: the second parameter down, the first across."""
    lines: list[str] = []
    axes = f"{found.axes[1].name} down, {found.axes[0].name} across"
    for layer in found.layers:
        for panel in found.panel_levels:
            where = [f"{found.panels.name} = {level_text(panel)}"] if found.panels else []
            where += [f"{name} = {level_text(value)}" for name, value in found.at.items()]
            lines += [
                wrapped(", ".join([layer.title, *where])),
                wrapped(axes),
                "",
                *table(_plane(found, layer, panel)),
                "",
            ]
    if any(layer.is_phase for layer in found.layers):
        lines += [wrapped(f"first letter of the outcome ({', '.join(LABELS)}), and its frequency"), ""]
    return "\n".join(lines[:-1])


def _plane(found: Section, layer: Layer, panel: object) -> list[list[str]]:
    """The cells of a layer and panel, the highest level of the second parameter first."""
    x, y = found.axes
    value, outcome = found.values(layer, panel), found.values(layer, panel, "outcome")
    rows = [[level_text(level), *map(_cell(layer), outcome[i], value[i])] for i, level in enumerate(levels(y))]
    return [["", *map(level_text, levels(x))], *reversed(rows)]


def _cell(layer: Layer):  # noqa: ANN202 - a function of outcome and value
    if layer.is_phase:
        return lambda outcome, value: f"{outcome[0].upper()} {value:.2f}"
    sign = "+" if layer.name == DIFFERENCE else ""
    return lambda _, value: f"{value:{sign}.2f}"


def profile_text(found: Profile) -> str:
    """A table a parameter: its values down, layers across."""
    held = [f"{name} = {level_text(value)}" for name, value in found.at.items()]
    lines = [wrapped(f"at {', '.join(held)}"), ""] if held else []
    for factor in found.factors:
        along = found.table[found.table["parameter"] == factor.name]
        line_name = [folded(found.lines.name)] if found.lines else []
        rows = [[folded(factor.name), *line_name, *(_head(layer) for layer in found.layers)]]
        for value, line in dict.fromkeys(zip(along["value"], along["line"], strict=True)):
            part = along[(along["value"] == value) & (along["line"] == line)].set_index("layer")
            told = [_limits(*part.loc[layer.name, LIMITS].tolist()) for layer in found.layers]
            rows.append([level_text(value), *([line] if line_name else []), *told])
        lines += [*table(rows, fixed=1 + len(line_name)), ""]
    return "\n".join(lines[:-1])


def _head(layer: Layer) -> str:
    """The title of a layer over its column."""
    return ",\n".join(map(folded, layer.title.split(", ")))


def interval_text(interval: Interval) -> str:
    """An estimate with its interval."""
    return _limits(interval.estimate, interval.low, interval.high)


def _limits(estimate: float, low: float, high: float) -> str:
    return f"{estimate:.3f} [{low:.3f}, {high:.3f}]"
