"""The scoreboard in words, for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from feint.sim.results.text_tables import folded, table, wrapped

if TYPE_CHECKING:
    from feint.scenarios.transfer.published_comparison import Score, Scoreboard
    from feint.scenarios.transfer.published_measurements import Row
    from feint.sim.statistics.intervals import Interval


def text(board: Scoreboard) -> str:
    """The table, how many rows agree, and where every row comes from."""
    return "\n\n".join("\n".join(part(board)) for part in (_table, _count, _sources))


def _table(board: Scoreboard) -> Iterator[str]:
    yield wrapped(
        f"Calibration: {board.runs:,} runs of each way of training at the default point, seed {board.seed}; 95 % "
        "intervals. A residual is a factor (×) or a difference; * marks a number whose interval meets the published "
        "range, = the one that was fitted."
    )
    yield ""
    rows = [["row", "published", "race", "residual", *(["networks", "residual"] if board.networks else [])]]
    rows += [_cells(score, board.networks) for score in board.scores]
    yield from table(rows, rule=True)


def _cells(score: Score, networks: bool) -> list[str]:
    row = score.row
    found = [score.toy, score.networks] if networks else [score.toy]
    cells = [cell for each in found for cell in (_value(each), _residual(score, each))]
    return [folded(f"{row.name}, {row.unit}", 26), published(row), *cells]


def published(row: Row) -> str:
    """A published number with its range, or its direction."""
    if row.published is None:
        return "above 0" if row.direction > 0 else "below 0"
    if row.low is None and row.high is None:
        return f"{row.published:,.4g}"
    return f"{row.low:,.4g} to {row.high:,.4g}"


def _value(found: Interval | None) -> str:
    return "-" if found is None else f"{found.estimate:,.4g} [{found.low:,.4g}, {found.high:,.4g}]"


def _residual(score: Score, found: Interval | None) -> str:
    residual, agrees = score.residual(found), score.agrees(found)
    mark = "=" if score.row.fitted else "*" if agrees else ""
    if residual is None:
        return mark or "-"
    return (f"×{residual:.2g}" if score.row.by_factor else f"{residual:+.3g}") + f" {mark}".rstrip()


def _count(board: Scoreboard) -> Iterator[str]:
    judged = [(score, score.agrees(score.toy)) for score in board.scores if score.agrees(score.toy) is not None]
    met = sum(bool(agrees) for _, agrees in judged)
    yield wrapped(
        f"Of {len(judged)} predictions of the race {met} meet what was published; {len(board.scores) - len(judged)} "
        "rows were fitted or have no number."
    )
    for why in dict.fromkeys(score.why for score in board.scores if score.why):
        yield wrapped(f"Networks: {why}.")


def _sources(board: Scoreboard) -> Iterator[str]:
    for source, scores in groupby(board.scores, key=lambda score: score.row.source):
        yield wrapped(f"{source.author.split(',')[0]} et al. ({source.year}), {source.title}, {source.where}")
        several = list(scores)
        for note in dict.fromkeys(f"measured on: {score.row.conditions}" for score in several):
            yield wrapped(f"  {note}", "    ")
        for note in dict.fromkeys(score.row.caveat for score in several if score.row.caveat):
            yield wrapped(f"  caveat: {note}", "    ")
        for score in several:
            row = score.row
            stands = row.without or row.stand_in
            fitted = f"; fitted: {row.fitted}" if row.fitted else ""
            yield wrapped(f"  {row.name} {row.provenance}: {row.what}; here: {stands}{fitted}", "    ")
