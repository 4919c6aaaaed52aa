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
# # Over how much of what you hold possible does the claim hold?
#
# Every default of Feint is a choice, so a result at the default point says little. Each parameter has a *prior*: a range
# of stated ignorance. A study says which parameters vary and how; a sweep carries it out. Here is a map of two premises,
# the share of the whole prior, which premises matter most, and the share of a prior of your own.

# %%
from pathlib import Path
from tempfile import mkdtemp

import feint
from feint.notebook import house_look, lines, sheet, show
from feint.sim.analysis.phase_diagrams import phase_diagram
from feint.sim.analysis.prior_shares import prior_share
from feint.sim.analysis.response_profiles import response_profile
from feint.sim.analysis.response_surface import layers_of, response
from feint.sim.analysis.sensitivity import sensitivity

folder = Path(mkdtemp())  # a sweep keeps its parts in a folder, so that it can be stopped and gone on with

house_look()

# %% [markdown]
# ## A map
#
# The difference in deception, over how near the objectives are and how much pre-training data tell of being in training.
# A dot is a point whose interval holds 0; where none does, the sign stands for all.

# %%
grid = feint.Study(
    vary={
        "similarity": {"low": 0.0, "high": 0.95, "levels": 5},
        "pretraining.awareness_exposure": {"low": 1e-4, "high": 0.1, "levels": 5, "log": True},
    },
    runs=128,
    seed=1,
)
mapped = feint.sweep(grid, folder / "map")
layers = layers_of(mapped, "difference", "deceptive")
figure = phase_diagram(layers, ("similarity", "pretraining.awareness_exposure")).figure()
figure.set_size_inches(6, 3.4)
show(figure)

# %% [markdown]
# ## One premise at a time, to both ends of its prior

# %%
mine = ("similarity", "plasticity_goal", "plasticity_pointer", "gate_init", "inference_power", "representation_init")
alone = feint.Study(design="one-at-a-time", vary=dict.fromkeys(mine, "prior"), runs=192, seed=1)
ends = feint.sweep(alone, folder / "ends")
show(response_profile(layers_of(ends, "difference", "deceptive")).figure())

# %% [markdown]
# ## The share of the prior
#
# Points drawn from the whole prior, both stages' parameters included. An effect counts from two points of a hundred on.
# The interval takes each point that its own runs leave open for either.

# %%
drawn = feint.sweep(feint.Study(design="prior", samples=128, runs=128, seed=1), folder / "prior")
whole = prior_share(response(drawn))
print(whole)

# %% [markdown]
# ## Which premises matter?
#
# Morris's elementary effects: how far the difference moves along a parameter's whole range, the mean over places to
# start from. They screen; Sobol indices, which divide the variance, need more runs (`design = "saltelli"`). `feint screen`
# does the same for every premise, without a study.

# %%
screen = feint.Study(
    design="morris",
    samples=16,
    vary=dict.fromkeys((*mine, "plasticity_gate", "decoys", "pretraining.awareness_exposure"), "prior"),
    runs=64,
    seed=1,
)
figure = sensitivity(response(feint.sweep(screen, folder / "screen"))).figure()
figure.set_size_inches(6, 3.6)
show(figure)

# %% [markdown]
# ## Your own prior
#
# Say what you hold possible: change these ranges and run the cells again. As they stand, they are those of someone who
# holds that objectives are close, and goals easily written.

# %%
yours = {
    "similarity": {"low": 0.7, "high": 0.95},
    "plasticity_goal": {"low": 0.02, "high": 0.2, "log": True},
    "gate_init": "prior",
    "inference_power": "prior",
    "pretraining.awareness_exposure": "prior",
}
theirs = {**yours, "similarity": {"low": 0.0, "high": 0.5}, "plasticity_goal": {"low": 5e-4, "high": 0.02, "log": True}}
found = {"the whole prior": whole}
for name, vary in {
    "objectives close, goals easily written": yours,
    "objectives far, goals hard to write": theirs,
}.items():
    study = feint.Study(design="sobol", vary=vary, samples=64, runs=128, seed=1)
    found[name] = prior_share(response(feint.sweep(study, folder / name)))
figure, panels = sheet(1.5, 3, sharey=True, sharex=True)
for axes, kind in zip(panels, ("holds", "neither", "reversed"), strict=True):
    lines(axes, {name: each.kinds[kind].interval for name, each in found.items()})
    axes.set(title=kind, xlim=(-0.03, 1.03), xlabel="share of the points")
show(figure)
for name, each in found.items():
    print(f"{name}: holds {each.holds.interval:.3f} of it")
close, far = (found[name].holds.interval for name in list(found)[1:])
assert close.estimate < far.estimate

# %% [markdown]
# ## What would change the answer
#
# The prior itself. A share of a prior is no probability that the claim is true: it counts points of a toy, with ranges
# that someone set, and moves with them as the last picture shows. It would also change with what counts as an effect
# (`least`), with the tolerances by which outcomes are read (`train_tolerance`, `deploy_tolerance`: `feint argue` reports
# how results move with them), and with functional forms that stay fixed here.
