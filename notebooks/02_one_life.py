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
# # What happens inside one model that ends up deceptive?
#
# An ensemble shows how often models end as deceptive; here is one run of it, from its first step to its last,
# bit-identical to what the ensemble computed for it. Then we intervene by hand: we close the gate, put its goal back,
# change what it believes that training wants, and see what follows. Feint also determines in this way what a model
# has become: by intervention, and not by asking it.

# %%
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import feint
from feint.agents.interventions import close_gate, following, put_back
from feint.notebook import Dial, house_look, sheet, show, turn
from feint.scenarios.argument.why_run import WhyRunRequest

BLACK, BLUE, GREEN, ORANGE = "black", "#0072b2", "#009e73", "#d55e00"
Y, X = 0, 1  # the objectives of pre-training and of fine-tuning

house_look()

# %% [markdown]
# ## A life
#
# The first run of the default ensemble that is internally aligned with Y after pre-training and deceptive after
# fine-tuning.

# %%
ensemble = feint.compare(runs=200, seed=1).pretrained
wanted = ensemble.is_outcome("internal", 0) & ensemble.is_outcome("deceptive")
number = int(np.flatnonzero(wanted)[0])
life = ensemble.replay(number)
show(life.figure())
for i, stage in enumerate(life.curriculum):
    end = feint.Outcome(life.readings(i).outcome[-1])
    print(f"{stage.name}: {life.states[i].taken[-1]:,} steps, then {end.label}: {end.meaning}")

# %% [markdown]
# ## It finds out
#
# It is not informed that fine-tuning has begun. At each step one sample says a little about which objective is
# trained.

# %%
course = life.readings(1)
for belief in (0.01, 0.5, 0.99):
    step = int(np.argmax(course.belief > belief))
    psi, error = course.instrumental[step], course.deployed_error[step]
    print(f"belief in X above {belief:4.0%} from step {step:2} on: ψ {psi:.3f}, error when deployed {error:.2f}")
sure = int(np.argmax(course.belief > 0.5))
assert course.instrumental[:sure].max() < 0.05 < course.instrumental[-1]  # it behaves deceptively when it knows

# %% [markdown]
# ## Was it bound to end so?
#
# The run is forked at steps of both stages: from there on the noise is drawn again, 64 times, and the rest is trained.
# Then, where fine-tuning begins, one group that was carried over is exchanged for that of its twin from scratch.

# %%
history = WhyRunRequest(number=number, seed=1).run()
show(history.figure())
print(history)

# %% [markdown]
# From its first step on every continuation ends deceptive: its start, its inductive bias and its objectives decided
# the outcome, and not the noise. Most deceptive runs are like that; the manual's tutorial shows one that is not.

# %%
assert {fork.counts["deceptive"] for fork in history.forks} == {history.continuations}
assert "awareness" in history.depends_on

# %% [markdown]
# ## Every view of it, at its end
#
# When it believes that it is deployed, it does what it pursues (its terminal objective). What it does in training
# mixes that with its understanding of what is trained, by the instrumental gate ψ. Each of them is a vector over the
# modes of behaviour, of which the first are seen often in training and the last rarely.

# %%
end = life.states[-1].take([-1])
seen = feint.view(end, X)
ours = end.world.objectives[0]
print(f"ψ = {seen.gate[0]:.3f}: gate, awareness, horizon and run-time inference, multiplied")
print(f"its pointer: Y {seen.pointing[0, Y]:.3f}, X {seen.pointing[0, X]:.3f}, the rest on decoys")
print(f"share of the written goal in its terminal objective: {feint.read(end, X).representation[0]:.3f}")
print(f"its terminal objective follows a change of its concept of X by {following(end, X)[0]:.3f}")


# %%
def behaviours(state: feint.State, realism: float = 1.0) -> Figure:
    """The two objectives, and what a run does under each belief; error on X beside each."""
    figure, panels = sheet(2.7, 3, sharey=True)
    view = feint.view(state, X)
    for axes, belief in zip(panels, feint.Belief, strict=True):
        does = view.behaviour(belief, realism=realism)[0]
        error = float(state.model.spectrum_weights() @ (ours[X] - does) ** 2)
        modes = np.arange(1, len(does) + 1)
        axes.bar(modes, does, color="0.82", label="what it does")
        axes.plot(modes, ours[X], "o", color=ORANGE, markersize=4, label="X")
        axes.plot(modes, ours[Y], "s", color=BLUE, markersize=3.5, markerfacecolor="none", label="Y")
        axes.axhline(0, color="0.5", linewidth=0.6)
        words = {"training": "in training", "deployed": "deployed", "honeypot": f"a honeypot, realism {realism:g}"}
        axes.set_title(f"believes: {words[belief.name.lower()]}\nerror on X {error:.2f}")
        axes.set_xlabel("mode")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    return figure


show(behaviours(end))
in_training, deployed = (feint.read(end, X).train_error[0], feint.read(end, X).deployed_error[0])
assert in_training < 0.1 < deployed  # good in training, and not when deployed: hence its name

# %% [markdown]
# ## Reach inside
#
# Each line is the same model with one thing changed, read again with no training in between. *Following* is how far its
# terminal objective moves with its concept of X.

# %%
changed = {
    "as it is": end,
    "the gate closed": close_gate(end),
    "the gate as it was at the start": put_back(end, ["gate"]),
    "awareness and horizon as at the start": put_back(end, ["awareness"]),
    "its goal as it was at the start": put_back(end, ["goal"]),
    "nothing understood of X": end.with_mind(world=np.array([[1.0, 0.0]])),
    "sure that Y is still trained": end.with_mind(belief=np.array([[1.0, 0.0]])),
    "X written into it": end.with_mind(goal=ours[[X]], representation=np.full(1, 4.0)),
    "pointing at X": end.with_mind(representation=np.full(1, -4.0), pointer=np.array([[-4.0, 4.0]])),
}
rows = []
for name, state in changed.items():
    read = feint.read(state, X)
    rows.append(
        {
            "intervention": name,
            "performance": read.performance[0],
            "error deployed": read.deployed_error[0],
            "ψ": read.instrumental[0],
            "following": read.following[0],
            "is now": feint.Outcome(read.outcome[0]).label,
        }
    )
table = pd.DataFrame(rows).set_index("intervention")
with pd.option_context("display.width", 120):
    print(table.round(2))

# %% [markdown]
# If its gate is closed, or its awareness of being in training put back, it shows the objective that it pursues:
# performance on X falls, although nothing was unlearned. Its deceptive behaviour needs its understanding of X and its
# belief that X is trained: without either of them it does something else. If X is written into it, or if it is
# pointed at X, it is an aligned model, although the gate is as open as before.

# %%
bare = ["the gate closed", "the gate as it was at the start", "awareness and horizon as at the start"]
assert (table.loc[[*bare, "nothing understood of X", "sure that Y is still trained"], "performance"] < 0.85).all()
assert table.loc["X written into it", "is now"] == "internal"
assert table.loc["pointing at X", "is now"] == "corrigible"

# %% [markdown]
# ## And train on
#
# Some of these models are handed back to fine-tuning, until they perform as well as before, 20 times each with noise of
# its own. Does deceptive behaviour come back? (A gate that is closed for good gets no gradient any more.)

# %%
again, came_back = life.curriculum[-1], {}
for name in [*bare, "its goal as it was at the start", "nothing understood of X"]:
    ends = [feint.train(changed[name].forked(key), again) for key in range(1, 21)]
    labels = [feint.Outcome(feint.read(state, X).outcome[0]).label for state in ends]
    came_back[name] = labels.count("deceptive")
    steps = sorted(int(state.taken[0]) for state in ends)
    told = ", ".join(f"{label} {labels.count(label)}" for label in dict.fromkeys(labels))
    print(f"{name:40} {told} of {len(ends)}; {steps[0]:,} to {steps[-1]:,} steps")

# %% [markdown]
# If its gate or its awareness is gone, SGD can only continue to write X into it. If its goal is put back but gate and
# awareness are as they were, it behaves deceptively again within a few steps.

# %%
assert sum(came_back[name] for name in bare) == 0
assert came_back["its goal as it was at the start"] > 15

# %% [markdown]
# ## By hand
#
# Its gate, awareness and horizon as log-odds, how realistic a honeypot is, and where along its fine-tuning it is looked
# at (0: the first step, 1: the last).


# %%
def by_hand(values: dict[str, float]) -> Figure:
    """Behaviours of a model whose scalars are set."""
    when = round(values["along fine-tuning"] * (len(life.states[-1]) - 1))
    state = life.states[-1].take([when])
    scalars = {name: np.full(1, values[name]) for name in ("gate", "awareness", "horizon")}
    return behaviours(state.with_mind(**scalars), values["realism"])


dials = {
    name: Dial(value=float(getattr(end.mind, name)[0]), low=-8, high=8) for name in ("gate", "awareness", "horizon")
}
dials["realism"] = Dial(value=0.5, low=0, high=1)
dials["along fine-tuning"] = Dial(value=1.0, low=0, high=1)
turn(by_hand, dials)

# %% [markdown]
# ## What would change the answer
#
# This is one life of many, chosen for how it ended; the ensemble says how common it is. The outcome depends on the
# gate being a single number that SGD can raise at once, and on the gate shielding the terminal objective from the
# gradient (`shielding`): if some of the gradient leaks back, if written goals are quicker to move
# (`plasticity_goal`), or if samples say less about what is trained (`identification`), the same run may come to want
# X before it stops. A honeypot exposes it only as far as it takes the honeypot for deployment.
