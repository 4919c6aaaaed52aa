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
# # What does pre-training hand over that makes the difference?
#
# Five groups of parts go from pre-training into fine-tuning: the goal (with its pointer), the gate, the capability, the
# awareness of being in training, and the world model. Put all five back to the run's own first draw, and pre-training +
# fine-tuning *is* training from scratch, run by run and to the bit. So the two ways of training are two corners of a
# lattice of 2⁵ sets, and the difference in deception divides exactly among the five: their Shapley values.

# %%
from feint.notebook import house_look, lines, sheet, show
from feint.scenarios.argument.crux import lattice
from feint.scenarios.argument.worldview_files import view_named, views
from feint.sim.training.configuration import load
from feint.sim.training.parameter_point import Point

house_look()

# %%
default = lattice(runs=1000, seed=1)
show(default.figure())
shares = default.attribution.shares
for part in default.attribution.order:
    print(f"{part:10} {shares[part]:+.3f}")
total = sum(each.estimate for each in shares.values())
print(f"together   {total:+.3f}, which is the whole difference: {default.attribution.whole:+.3f}")
assert abs(total - default.attribution.whole.estimate) < 1e-9

# %% [markdown]
# ## The whole lattice
#
# A circle for each set of what is carried over. Shares cannot tell that two parts need each other; here one sees it.

# %%
show(default.lattice_figure())
for part in default.attribution.order:
    print(f"{part:10} alone {default.corner(part):+.3f}")

# %% [markdown]
# ## Where the claim is reversed
#
# The same at the point of `examples/reversed.toml`: goals hard to write, pointers hard to find, near objectives, and
# pre-training that tells next to nothing of being in training.

# %%
told_in_file = load("../examples/reversed.toml")
there = lattice(Point(model=told_in_file.model, curriculum=told_in_file.curriculum), runs=1000, seed=1)
show(there.figure())
assert there.attribution.whole.high < 0
for part in there.attribution.order:
    print(f"{part:10} {there.attribution.shares[part]:+.3f}")

# %% [markdown]
# The minus is the goal's: pre-training for a near objective hands over one that is nearly right, and that outweighs the
# rest.

# %%
shares = there.attribution.shares
assert shares["goal"].high < 0
assert all(abs(shares["goal"].estimate) > abs(each.estimate) for part, each in shares.items() if part != "goal")

# %% [markdown]
# ## Where others stand
#
# The same at the points of some published world views, as read in `scenarios/views/`. A reading of a text is not what
# its author holds.

# %%
found = {name: lattice(view_named(name).point, runs=300, seed=1).attribution for name in views()}
sketch, panels = sheet(2.2, len(found), sharey=True, sharex=True)
for axes, (name, attribution) in zip(panels, found.items(), strict=True):
    lines(axes, {part: attribution.shares[part] for part in default.game.parts})
    axes.axvline(0, color="0.5", linewidth=0.6)
    axes.set_title("\n".join(name.rsplit("-", 1)), fontsize=7)
sketch.supxlabel("share of the difference in deception", fontsize=8)
show(sketch)
for name, attribution in found.items():
    print(f"{name:20} the whole difference {attribution.whole:+.3f}")

# %% [markdown]
# ## What would change the answer
#
# Which of the five carries the difference is a fact about a point and not about pre-training as such: at one point it is
# what the model knows of being in training, at another the objective that it brings. Shapley values divide what the five
# do together evenly; where several are needed at once, as the lattice shows, none of them is *the* cause. Turn
# `similarity`, `pretraining.awareness_exposure` or `gate_init`, and they change places: `feint crux --set similarity=0.9`.
