"""Styles of the page: its frame, and the texts of its parts."""

from __future__ import annotations

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
