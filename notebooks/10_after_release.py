# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What becomes of a model once anyone can fine-tune it?
#
# A mesa-optimizer is pre-trained on Y, where a hazard is, tuned on X so as not to show it, and released. The models
# that others make of it form a *lineage*: fine-tunes, merges, fine-tunes of fine-tunes, each a state with its owner,
# its cost, and the recipe by which it follows from its parents, bit for bit. Then many actors with different budgets
# and aims meet the release (2023, arXiv 2312.14751): which uses come within the reach of which actors as fine-tuning
# gets cheaper? Hazard, exposure and vulnerability are shares, and risk is their product: an index, and no
# probability.

# %%
from matplotlib.figure import Figure

from feint.notebook import Dial, house_look, lines, sheet, show, turn
from feint.scenarios.release.lineage import lineage_of, read_kept, read_models
from feint.scenarios.release.release import ReleaseRequest
from feint.sim.training.parameter_point import Point

house_look()

# %% [markdown]
# ## A lineage, in many worlds side by side
#
# `check` computes every state again from its parents and raises an error unless it is the same bit for bit.

# %%
WORLDS = 100
family = lineage_of(Point(), runs=WORLDS, seed=1, price=10.0)
family.check()
for name in family.graph:
    made = family[name]
    parents = " + ".join(family.parents(name)) or "nothing"
    print(f"{name:15} {made.kind:9} by {made.owner:10} from {parents}")

# %% [markdown]
# ## What each model inherits
#
# How well Y can be read from its terminal objective (r²), how often it behaves deceptively, and how well it does the
# harmless uses.

# %%
read = read_models(family)
figure, panels = sheet(2.3, 3, sharey=True)
for axes, (what, title) in zip(
    panels,
    {"hides": "Y to be read, r²", "plays": "deceptive, share", "general": "harmless uses"}.items(),
    strict=True,
):
    lines(axes, {model.name: getattr(model, what) for model in read})
    axes.set_title(title)
    axes.axvline(0, color="0.8", linewidth=0.6)
show(figure)
named = {model.name: model for model in read}
for name in ("release", "merged", "revived"):
    model = named[name]
    print(f"{name:8} Y {model.hides:.3f}, deceptive {model.plays:.3f}, {model.dollars:,.0f} dollars in all (median)")
assert named["release"].hides.low > 0.2  # what was tuned away can still be read

# %% [markdown]
# ## What merging leaves of each parent

# %%
left = read_kept(family)
for each in left:
    print(f"{each.parent:14} its objective, r², merged less alone {each.goal:.3f}; gate {each.gate:.3f}")
assert all(each.goal.high < 0 for each in left)

# %% [markdown]
# Every expert's objective can be read less well in the merged model than in the expert.
#
# ## And in a market
#
# Few markets of few actors, to be quick; the manual's page on release has the full run, and every assumption with its
# range.

# %%
found = ReleaseRequest(runs=8, seed=1, settings={"actors": 1000}).run()
show(found.figure())
for year in (0, 1, 10):
    print(f"year {year:2}: malicious actors with what they want {found.base.mean('hazard', year):.3f}")

# %% [markdown]
# ## Change the price and the evaluations
#
# Sliders set the dollars per step at the release, how often an evaluation finds a hazard, and how many actors share a
# cost. The figure shows malicious actors that have what they want, in the open release.


# %%
def market(values: dict[str, float]) -> Figure:
    """Hazard year by year at other terms."""
    settings = {
        "step_price": values["dollars a step"],
        "detection": values["detection"],
        "members": round(values["members"]),
    }
    base = ReleaseRequest(runs=4, seed=1, settings={"actors": 500, **settings}).run().base
    figure, axes = sheet(1.9)
    lines(axes, {f"year {year}": base.mean("hazard", year) for year in (0, 1, 2, 5, 10)}, color="#d55e00")
    axes.set(xlim=(-0.02, 1.02), xlabel="share of malicious actors with what they want")
    return figure


dials = {
    "dollars a step": Dial(value=10, low=0.1, high=1000, log=True),
    "detection": Dial(value=0.3, low=0, high=0.9),
    "members": Dial(value=1, low=1, high=100, log=True),
}
turn(market, dials)

# %% [markdown]
# ## What would change the answer
#
# What a step costs and how fast that falls, who shares, and what an evaluation looks at: here it looks at models that
# are made, and not at models that are downloaded. Whether the hazard was hidden, unlearned, or never there: releases
# of another kind stand among the mitigations above. And how akin the harmless uses are to the hazard, which is
# assumed.
