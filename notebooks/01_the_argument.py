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
# # Does pre-training + fine-tuning favour deception?
#
# Mark Xu's claim (2021): with the final capability held constant, training on Y and then fine-tuning on X ends in
# deceptive alignment more often than training on X directly. The argument in one page:
#
# 1. A mesa-optimizer that understands training does what training wants for one of three reasons. The objective is
#    written into it (*internal*), it points at its model of the objective (*corrigible*), or it behaves so for the sake
#    of another one (*deceptive*). A later view adds a fourth: it pursues whatever is graded (*reward-seeking*).
# 2. Pre-training on Y makes it capable and informs it about the world, and about being in training, before it has met
#    X.
# 3. Fine-tuning then trains for X. The model still pursues Y, and is not informed that it is now trained for X.
#    Writing X into it takes many steps; finding out from the samples that X is wanted, and doing X for that reason,
#    takes few.
# 4. Once it behaves deceptively, the loss is low and nothing pushes its objective towards X any more.
#
# Feint trains such models by stochastic gradient descent on an explicit loss, and reads out of each trained state what
# it has become. It is a toy: its numbers say something about the argument, and nothing about a real model.

# %%
from matplotlib.figure import Figure

import feint
from feint.notebook import house_look, lines, premises, sheet, show, turn
from feint.scenarios.argument.evaluate_claim import crux, evaluate
from feint.scenarios.argument.premises import PREMISES
from feint.scenarios.claims.pretraining.pretraining_vs_scratch import CLAIM
from feint.sim.results.figure_style import COLOURS
from feint.sim.training.parameter_point import Point

house_look()

# %% [markdown]
# ## Both ways of training
#
# The same starts, the same fine-tuning noise, and both stopped as soon as they perform equally well. Intervals are of
# 95 %; the difference is paired, run by run.

# %%
default = feint.compare(runs=1000, seed=1)
difference = default.difference()
show(default.figure())
print(f"deception, pre-training + fine-tuning minus from scratch: {difference:+.3f}")
assert difference.low > 0  # at the default point the claim holds

# %% [markdown]
# At the default point the claim holds: fine-tuning stops long before the objective is rewritten, as the third premise
# says.

# %%
for name, arm in default.arms.items():
    steps = sorted(arm.steps[:, -1].tolist())
    print(f"{name:18} stops at X after {steps[len(steps) // 2]:,} steps (median)")

# %% [markdown]
# How much of the difference is that stop rule? The same where capability itself is alike (*ceiling*, performance 0.99),
# after so many steps of fine-tuning without a target, among converged runs, and with a gate that SGD cannot move (*null*).

# %%
beside = evaluate([CLAIM], runs=500, seed=1)[CLAIM.name].intervals
for part in CLAIM.parts:
    print(f"{part.name:14} {beside[part.name]:+.3f}")
assert beside["null"].high < beside["after-100000"].low  # most of it stays, and needs the gate

# %% [markdown]
# ## Turn a premise
#
# Each slider goes from end to end of a premise's prior, which is stated ignorance. Where this page has no sliders,
# the figure shows the point at which they are set.


# %%
def both_ways(values: dict[str, float]) -> Figure:
    """Both ways of training at a point that differs from the default by these values."""
    point = Point().at(values)
    return feint.compare(point.curriculum, model=point.model, runs=300, seed=1).figure()


names = ("similarity", "pretraining.awareness_exposure", "gate_init", "plasticity_goal", "identification")
turn(both_ways, premises(*names))

# %% [markdown]
# ## Two premises at once
#
# How near are the two objectives, and how much do pre-training data say about being in training?

# %%
for similarity in (0.0, 0.5, 0.9):
    for exposure in (1e-4, 0.003, 0.1):
        curriculum = feint.pretrain_finetune(pretraining={"awareness_exposure": exposure})
        found = feint.compare(curriculum, model=feint.Model(similarity=similarity), runs=500, seed=1).difference()
        print(f"similarity {similarity:.1f}, exposure {exposure:<6g} {found:+.3f}")

# %% [markdown]
# ## How fast does it find out?
#
# `identification` is the evidence in nats that one sample carries for the model about which objective is trained, per
# unit of squared distance. An ideal observer would have 89; at 10⁶ it knows at once. While it does not know, SGD writes
# X into its goal.

# %%
known = {}
for identification in (0.01, 0.1, 1, 10, 100, 1e6):
    point = Point().at({"identification": float(identification)})
    known[identification] = feint.compare(point.curriculum, model=point.model, runs=500, seed=1).difference()
    print(f"identification {identification:<9,g} {known[identification]:+.3f}")
assert known[0.01].high < known[0.1].low < known[0.1].high < known[1].low  # the race that the third step describes
assert known[1].estimate < known[1e6].estimate

# %% [markdown]
# ## And where it is reversed
#
# Goals that are hard to write, pointers that are hard to find, near objectives, and pre-training data that say next
# to nothing about being in training.

# %%
hard_to_align = feint.Model(
    plasticity_goal=0.006,
    representation_init=4.0,
    decoys=5.0,
    plasticity_pointer=1.0,
    gate_init=-3.0,
    plasticity_gate=10.0,
    inference_power=8.0,
    similarity=0.9,
)
untold = {"steps": 5000, "awareness_exposure": 1e-4, "horizon_exposure": 1e-4}
tells = {"awareness_exposure": 0.1, "horizon_exposure": 0.1}
turned = feint.compare(feint.pretrain_finetune(untold, tells), model=hard_to_align, runs=1000, seed=1)
show(turned.figure())
print(f"deception, pre-training + fine-tuning minus from scratch: {turned.difference():+.3f}")
assert turned.difference().high < 0  # here it is reversed

# %% [markdown]
# ## Which premise carries it?
#
# Each premise of the default point is switched off alone, on the same runs. If the difference disappears, the claim
# depends on that premise at this point.

# %%
found = crux(CLAIM, runs=500, seed=1)
figure, axes = sheet(3.2)
lines(axes, found.without)
axes.axvspan(found.effect.low, found.effect.high, color=COLOURS[feint.Outcome.DECEPTIVE], alpha=0.3, linewidth=0)
axes.axvline(0, color="0.5", linewidth=0.8)
axes.set_xlabel("difference in deception with this premise off; the band has all of them on")
show(figure)
assert found.premise
print(f"The crux: {found.premise} ({PREMISES[found.premise].words}).")

# %% [markdown]
# ## What would change the answer
#
# Whether what pre-training hands over (capability, awareness, a gate ajar) outweighs what it spares (an objective
# that is nearly right already), and whether the model finds out what is wanted before SGD has changed what it wants.
# A reader who denies the premise on which the conclusion depends denies the conclusion; a reader who finds the
# reversed point likelier reaches the opposite conclusion from the same model. `feint parameters` names every premise
# with its source, `feint argue` tries all claims, and notebook 5 asks over how much of a prior it holds.
