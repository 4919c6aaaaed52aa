"""Texts of the page."""

import html
from collections.abc import Sequence

from feint.agents.outcome import Outcome
from feint.explorer.charts import CURVES
from feint.explorer.controls import PAGE, STAGES, knobs
from feint.explorer.state import BESIDE, Life, State, Tally, described
from feint.scenarios.argument.worldview_files import DEFAULT, views
from feint.sim.ensembles.companions import COMPANIONS, Beside, beside_table
from feint.sim.results.figure_style import COLOURS
from feint.sim.statistics.intervals import Interval

TITLE = "Feint: does pre-training + fine-tuning favour deception?"
HEAD, LEGEND, FLOW, LIFE, AGAIN = (PAGE["texts"][name] for name in ("head", "legend", "flow", "life", "again"))


def curves() -> str:
    """Return the legend of a run's curves."""
    chips = (
        f'<span class="chip"><span class="line" style="border-top: 3px {dash} {colour}"></span> {words}</span>'
        for words, colour, dash in CURVES.values()
    )
    return f'<p class="legend">{" ".join(chips)}</p>'.replace("dotdash", "dashed")  # CSS has no other


def verdict(difference: Interval) -> str:
    """Return the paired difference in words and numbers."""
    words = "These runs show <b>no difference</b>."
    if difference.low > 0 or difference.high < 0:
        words = f"Pre-training + fine-tuning ends in deception <b>{'more' if difference.low > 0 else 'less'} often</b>."
    estimate, low, high = (signed(value) for value in (difference.estimate, difference.low, difference.high))
    return f'<div class="verdict"><span class="number">{estimate}</span> <span>[{low}, {high}]</span><br>{words}</div>'


def signed(value: float) -> str:
    """Format a difference with its sign; zero has no minus."""
    return f"{round(value, 3) + 0.0:+.3f}".replace("-", "−")


def beside(rows: Sequence[Beside], state: State) -> str:
    """Return the difference as it is, which comes first, with the companions received so far; empty if none is."""
    if not rows or rows[0].difference is None:
        return ""
    more = ", more to come…" if len(rows) <= len(COMPANIONS) else ""
    title = f"Beside it, on {BESIDE:,} runs each way, seed {state.seed}{more}"
    return f'<div class="beside">{beside_table(rows[0].difference, rows[1:], title)._repr_html_()}</div>'


def status(tally: Tally, state: State, final: int) -> str:
    """Return how many runs the bars show, and how many of them converged."""
    more = f", refining to {final:,}…" if tally.runs < final else ""
    scratch, pretrained = (int(counts.sum()) for counts in tally.converged.values())
    converged = (
        f"{scratch:,} and {pretrained:,} of them converged" if scratch != pretrained else f"{scratch:,} converged"
    )
    return f'<p class="status">{tally.runs:,} runs each way ({converged}), seed {state.seed}{more}</p>'


def ended(life: Life, state: State) -> str:
    """Return how a run ended, stage by stage."""
    stages = "; ".join(
        f"{STAGES.get(stage, stage)} ends <b style='border-bottom: 3px solid {COLOURS[end]}'>{end.label}</b>"
        for stage, end in zip(life.stages, life.ends, strict=True)
    )
    return f"<p>Run {state.run}: {stages}: {life.ends[-1].meaning}.</p>"


def view(state: State) -> str:
    """Return the chosen view, how it was read, and what the reader has changed."""
    reading, labels = described(state.view).reading.strip(), []
    for name, value in state.moved().items():
        knob = knobs().get(name)
        labels.append(f"{name} = {knob.label(value) if knob and isinstance(value, (int, float)) else value}")
    changed = f'<p class="moved"><b>Changed:</b> {html.escape(", ".join(labels))}</p>' if labels else ""
    return (f"<p>{html.escape(reading)}</p>" if reading else "") + changed


def names() -> dict[str, str]:
    """Return the world views by their titles on the page."""
    titles = {f"{view.author} {view.year}: {view.title}": name for name, view in views().items()}
    return {"Defaults, made for the argument of Xu (2021)": DEFAULT, **titles}


def outcomes() -> str:
    """Return what each outcome means."""
    rows = "".join(
        f'<li><span class="dot" style="background: {COLOURS[kind]}"></span> <b>{kind.label}</b>: {kind.meaning}</li>'
        for kind in Outcome
    )
    return f"<ul>{rows}</ul>"


def commands(state: State, runs: int) -> str:
    """Return the command line and the Python code that give the same numbers."""
    return (
        "<p>The same numbers from the command line:</p>"
        f'<pre class="command">{html.escape(state.command(runs))}</pre>'
        "<p>and from Python:</p>"
        f'<pre class="python">{html.escape(state.python(runs))}</pre>'
    )


def again(state: State, runs: int) -> str:
    """Return command, code and a link to the state."""
    link = f'<a class="link" href="./?{html.escape(state.query() or "view=default")}">Link to this state</a>'
    return f"{commands(state, runs)}<p>{link}; after a change the address bar has it too.</p>"
