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
# # How much data is pre-training worth?
#
# Hernandez et al. (2021, arXiv 2102.01293) measured it: where fine-tuning data are few, a pre-trained model does as
# well as one from scratch with D_T more data, D_T = k · D_F^α · N^β, the *effective data transferred*. With much
# data, small pre-trained models can end up worse: they *ossify*. This notebook asks the same of the toy. One step is
# one sample, and the number of modes stands in for the size N: it is the size of a world, not of a network.

# %%
from typing import Any

import numpy as np

from feint.notebook import house_look, lines, sheet, show
from feint.scenarios.transfer import transfer
from feint.scenarios.transfer.arms import measure
from feint.sim.statistics.intervals import Interval
from feint.sim.statistics.scaling_laws import TEXT, TEXT_AND_CODE, resample_runs
from feint.sim.training.parameter_point import Point

house_look()

# %% [markdown]
# ## Both arms, read at rising amounts of data
#
# Few runs and short training, to be quick; the manual's page on transfer has it in full. Above: losses, and D_T read off
# the curve from scratch, for a further and a nearer pair of objectives. Below: what moves the law's constants, over
# combinations of similarity, its fall in the tail, and the spectrum; and who is ahead at equal compute.

# %%
found = transfer.TransferRequest(runs=60, seed=1, settings={"sizes": [8, 16], "longest": 12_000}).run()
show(found.figure())

# %% [markdown]
# ## The law
#
# The toy's constants beside those that the paper fitted to transformers. k has other units there: exponents alone can be
# compared.

# %%
law = found.law
print(f"toy, over both sizes: α {law.alpha:+.3f}", f"β {law.beta:+.3f}" if law.beta else "", f"R² {law.explained:.2f}")
for each, name in ((found.puzzle.further, "further"), (found.puzzle.nearer, "nearer")):
    if each.fit:
        print(f"toy, {name} objective: k {each.fit.k:,.0f} steps, α {each.fit.alpha:+.3f}")
for each in (TEXT, TEXT_AND_CODE):
    print(f"paper, pre-trained on {each.name}: α {each.alpha:.2f}, β {each.beta:.2f}")

# %% [markdown]
# A law says no more than it was fitted to. R² shows how well it fits, and the bend shows how far α changes from the
# lower half of the data to the upper one; a power law has no bend.

# %%
print(f"bend of α over the regime: {law.bend:+.2f}; D_T is typically off by a factor of {law.factor:.2f}")
gap = found.puzzle.gap[-1]
print(
    f"at the regime's end the nearer one transfers {gap.estimate:+,.0f} [{gap.low:+,.0f}, {gap.high:+,.0f}] steps more"
)
further, nearer = found.puzzle.further.fit, found.puzzle.nearer.fit
assert further
assert nearer
assert nearer.alpha.high < further.alpha.low  # as in the paper: the nearer, the less from more data

# %% [markdown]
# ## What is it that transfers?
#
# D_T at one sample of fine-tuning where pre-training hands over everything, the capability alone, and all but the
# capability.


# %%
def worth(changes: dict[str, Any]) -> Interval:
    """D_T in steps at one sample, with limits from resampled runs."""
    arms = measure(Point(), changes, longest=12_000, runs=60, seed=1, threads=None)

    def at_one(weights: np.ndarray) -> np.ndarray:
        return arms.transferred(weights)[arms.low][:1]

    low, high = np.quantile(resample_runs(at_one, arms.runs, 1), (0.025, 0.975))
    estimate = float(at_one(np.full(arms.runs, 1 / arms.runs))[0])
    return Interval(estimate=estimate, low=low, high=high, confidence=0.95, method="bootstrap")


pairs = {"further": transfer.FURTHER, "nearer": transfer.NEARER}
figure, panels = sheet(1.5, 2, sharey=True, sharex=True)
parts = {}
for axes, (name, changes) in zip(panels, pairs.items(), strict=True):
    parts[name] = {what: worth({**changes, "finetuning.carry": carry}) for what, carry in transfer.HANDED.items()}
    lines(axes, parts[name])
    axes.set(title=f"{name} objective", xlabel="D_T, steps")
    axes.set_xscale("symlog", linthresh=10)
    axes.axvline(0, color="0.8", linewidth=0.6)
    for what, each in parts[name].items():
        print(f"{name:8} {what:20} {each:,.0f}")
show(figure)

# %% [markdown]
# For a near objective, everything together is worth far more than its parts, because it gives a capable model that is
# nearly right already.

# %%
whole, *others = parts["nearer"].values()
assert whole.low > sum(each.high for each in others)

# %% [markdown]
# ## Does it ossify?
#
# Loss at the last step, pre-trained less from scratch, paired by run: above 0, pre-training harms. Beside it the same for
# equal compute, with the steps of pre-training counted and not.

# %%
ends = {f"{each.modes} modes, last step": each.difference for each in found.ends}
for each in found.ahead:
    if each.regime != "medium":
        counted = "counted" if each.counted else "not counted"
        ends[f"{each.modes} modes, {each.regime} data, pre-training {counted}"] = each.difference
figure, axes = sheet(2.4)
lines(axes, ends)
axes.axvline(0, color="0.5", linewidth=0.8)
axes.set_xlabel("loss, pre-trained less from scratch")
show(figure)
for each in found.ends:
    slower = "never comes to" if each.slower is None else f"needs {each.slower:.2f} times the steps to"
    print(f"{each.modes} modes: {each.difference:+.3f} at the last step; {slower} where D(N) is enough from scratch")

# %% [markdown]
# ## What would change the answer
#
# How near the objectives are, and in what way: their size of similarity and its fall in the tail move k and α apart (the
# lower panels). How much is handed over. And what N stands for: the toy has no network whose size could be varied, so its
# β is one of worlds. The manual's page on transfer has the full run, and small real networks beside it
# (`feint scenario transfer --networks`).
