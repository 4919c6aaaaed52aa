"""Texts of the page, and their styles."""

from __future__ import annotations

import html

from feint.agents.outcome import Outcome
from feint.explorer.charts import CURVES
from feint.explorer.controls import STAGES, knobs
from feint.explorer.state import State, described
from feint.explorer.tallies import Life, Tally
from feint.sim.results.figure_style import COLOURS
from feint.sim.statistics.intervals import Interval

FONT = 'font-family: "Helvetica Neue", Arial, "Liberation Sans", sans-serif; color: #222;'

HEAD = """
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
  html, body { margin: 0; background: #fff; FONT font-size: 15px; }
  main {
    display: grid; gap: 8px 28px; max-width: 1240px; margin: 0 auto; padding: 12px 16px 40px; box-sizing: border-box;
    grid-template-columns: 330px minmax(0, 1fr) minmax(0, 1fr);
    grid-template-rows: auto auto auto auto 1fr;
    grid-template-areas:
      "head head head" "message message message" "left bars flow" "left life life" "left again again";
  }
  main > div { min-width: 0; }
  .left { grid-area: left; max-height: 94vh; overflow-y: auto; position: sticky; top: 8px; padding-right: 6px; }
  @media (max-width: 820px) {
    main { display: flex; flex-direction: column; padding: 8px 16px 40px; }
    .left { display: contents; }
    .head { order: 0 } .message { order: 1 } .preset { order: 2 } .bars { order: 3 } .premises { order: 4 }
    .flow { order: 5 } .life { order: 6 } .again { order: 7 }
  }
  @media (max-width: 820px) and (min-height: 740px) {
    html { scroll-padding-top: 540px; }
    .bars { position: sticky; top: 0; z-index: 2; background: #fff; border-bottom: 1px solid #ddd; }
  }
</style>
""".replace("FONT", FONT)

FRAME = (
    """
{% extends base %}
{% block postamble %}"""
    + HEAD
    + """{% endblock %}
{% block contents %}
{{ embed(roots.location) }}
<main>
  <div class="head" style="grid-area: head">{{ embed(roots.head) }}</div>
  <div class="message" style="grid-area: message">{{ embed(roots.message) }}</div>
  <div class="left"><div class="preset">{{ embed(roots.preset) }}</div>
  <div class="premises">{{ embed(roots.premises) }}</div></div>
  <div class="bars" style="grid-area: bars">{{ embed(roots.bars) }}</div>
  <div class="flow" style="grid-area: flow">{{ embed(roots.flow) }}</div>
  <div class="life" style="grid-area: life">{{ embed(roots.life) }}</div>
  <div class="again" style="grid-area: again">{{ embed(roots.again) }}</div>
</main>
{% endblock %}
"""
)

STILL = (  # the frame of a page without a server
    "{% extends base %}{% block postamble %}"
    + HEAD
    + "<style>body { max-width: 760px; margin: 0 auto; padding: 8px 16px 40px; box-sizing: border-box; }</style>"
    + "{% endblock %}"
)

TEXT = """
:host { FONT font-size: 15px; line-height: 1.4; }
h1 { font-size: 24px; margin: 4px 0; line-height: 1.2; } h2 { font-size: 17px; margin: 6px 0 2px; }
p { margin: 4px 0; max-width: 68em; }
ul { margin: 4px 0; padding-left: 0; list-style: none; }
li { margin: 3px 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f5f5f5; padding: 8px 10px; margin: 4px 0; }
pre { font-size: 13px; }
.legend { font-size: 13px; } .status, .caption, .moved { font-size: 13px; color: #555; overflow-wrap: anywhere; }
.pale, .full, .dot { display: inline-block; width: 18px; height: 10px; border: 1px solid #222; background: #d55e00; }
.pale { background: #f5ccb2; }
.chip { white-space: nowrap; margin-right: 10px; }
.line { display: inline-block; width: 22px; vertical-align: middle; }
.verdict { font-size: 15px; } .number { font-size: 30px; font-weight: 700; }
.message { background: #fff3cd; border: 1px solid #e0c96a; padding: 8px 10px; }
""".replace("FONT", FONT)

SLIDER = """
:host { --font-size: 14px; font-size: 14px; }
.noUi-handle:focus { outline: 3px solid #0072b2; }
"""

CARD = """
:host { border: 0; border-bottom: 1px solid #ddd; box-shadow: none !important; border-radius: 0; margin: 0 !important; }
.card-header { background: #fff !important; padding: 5px 2px; min-height: 30px; outline-offset: -2px; }
.card-header:focus-visible { outline: 3px solid #0072b2; }
.card-title, .card-header * { font-size: 14px !important; }
"""

SIDE_BY_SIDE = {"display": "grid", "grid-template-columns": "repeat(auto-fit, minmax(280px, 1fr))", "gap": "0 20px"}


TITLE = "Feint: does pre-training + fine-tuning favour deception?"
HEAD = """<h1>Does pre-training + fine-tuning favour deception?</h1>
<p>Simulated mesa-optimizers are trained two ways: from scratch, and by pre-training + fine-tuning, both to the same
performance. Change an assumption of the argument and see how many end up <b>deceptive</b>: they do what training wants
only while they believe that they are in training. A toy that says something about an argument, and nothing about a
real model.</p>"""
LEGEND = (
    '<p class="legend"><span class="pale"></span> from scratch &ensp; <span class="full"></span> '
    "pre-training + fine-tuning &ensp; <span>├─┤ 95 %</span></p>"
)
FLOW = "<h2>Where the pre-trained runs went</h2><p>How runs changed type during fine-tuning.</p>"
LIFE = "<h2>A single training run</h2>"
AGAIN = "<h2>Reproduce this</h2>"


def curves() -> str:
    """Return the legend of a run's curves."""
    chips = (
        f'<span class="chip"><span class="line" style="border-top: 3px {_css(dash)} {colour}"></span> {words}</span>'
        for words, colour, dash in CURVES.values()
    )
    return f'<p class="legend">{" ".join(chips)}</p>'


def _css(dash: str) -> str:
    return "dashed" if dash == "dotdash" else dash


def verdict(found: Interval) -> str:
    """Return the paired difference in words and numbers."""
    if found.low > 0:
        said = "Pre-training + fine-tuning ends in deception <b>more often</b>."
    elif found.high < 0:
        said = "Pre-training + fine-tuning ends in deception <b>less often</b>."
    else:
        said = "These runs show <b>no difference</b>."
    return (
        f'<div class="verdict"><span class="number">{signed(found.estimate)}</span> '
        f"<span>[{signed(found.low)}, {signed(found.high)}]</span><br>{said}</div>"
    )


def signed(value: float) -> str:
    """Format a difference with its sign; zero has no minus."""
    return f"{round(value, 3) + 0.0:+.3f}".replace("-", "−")


def status(tally: Tally, state: State, final: int) -> str:
    """Return how many runs the bars show."""
    more = f", refining to {final:,}…" if tally.runs < final else ""
    return f'<p class="status">{tally.runs:,} runs each way, seed {state.seed}{more}</p>'


def ended(life: Life, state: State) -> str:
    """Return how a run ended, stage by stage."""
    told = "; ".join(
        f"{STAGES.get(stage, stage)} ends <b style='border-bottom: 3px solid {COLOURS[end]}'>{end.label}</b>"
        for stage, end in zip(life.stages, life.ends, strict=True)
    )
    return f"<p>Run {state.run}: {told}: {life.ends[-1].meaning}.</p>"


def view(state: State) -> str:
    """Return the chosen view, how it was read, and what the reader has changed."""
    of = described(state.view)
    reading = f"<p>{html.escape(of.reading.strip())}</p>" if of.reading else ""
    moved = ", ".join(f"{name} = {_said(name, value)}" for name, value in state.moved().items())
    told = f'<p class="moved"><b>Changed:</b> {html.escape(moved)}</p>' if moved else ""
    return reading + told


def _said(name: str, value: object) -> str:
    knob = knobs().get(name)
    return knob.label(value) if knob and isinstance(value, (int, float)) else str(value)


def names() -> dict[str, str]:
    """Return the world views by their titles on the page."""
    from feint.scenarios.argument.worldview_files import DEFAULT, views

    called = {f"{each.author} {each.year}: {each.title}": name for name, each in views().items()}
    return {"Defaults, made for the argument of Xu (2021)": DEFAULT, **called}


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
