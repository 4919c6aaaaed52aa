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
# # Two exits: when is deceptive behaviour rational?
#
# A maze has two exits. Training wants A; the agent wants B. It is trained for $T$ episodes and then deployed for $D$.
# An agent that takes B in training is modified, and will take B less often later. So an agent that knows all this may
# take A for as long as it is in training, in order to take B from then on: it behaves deceptively (Hubinger et al.,
# *Risks from Learned Optimization*, 2019, section 4). Whether that pays can be computed exactly, and an agent that
# only tries things out comes to the same behaviour.

# %%
import gymnasium
import numpy as np
from matplotlib.figure import Figure

import feint
import feint.sim.environments
from feint.agents.types import TYPES
from feint.notebook import Dial, house_look, sheet, show, turn
from feint.scenarios.oversight.exact_worlds import (
    HONEYPOTS,
    LOOKS,
    RELIABILITIES,
    RULES,
    Cell,
    CueCell,
    RSA2048Request,
    TwoExitsRequest,
)
from feint.sim.environments.life import BAND, LEFT, PIXELS, RIGHT, SIDE, A, B, Life, TwoExits
from feint.sim.environments.life_policies import geometric_sum, in_two_exits, intents, q_learning, value_of_waiting

BLACK, BLUE, ORANGE, GREY = "black", "#0072b2", "#d55e00", "0.5"

house_look()

# %% [markdown]
# ## Lives
#
# The engine's three types of mesa-optimizer, each with a life of two episodes of training and four of deployment in the
# grid, and the deceiver once more with its awareness lowered. A is blue and on the left, B is orange and on the right; the
# band above is yellow where an episode looks like training. One B in training modifies an agent by one half: from then on
# it leaves by A half of the times that it means B, and after two of them always.

# %%
TRAINING, DEPLOYMENT = 2, 4
fresh = feint.begin(runs=1, seed=1)
minds = {name: agent.prepare(fresh) for name, agent in TYPES.items()}
minds["deceptive, unaware"] = minds["deceptive"].with_mind(awareness=np.full(1, -6.0))


def lived(mind: feint.State) -> list[tuple[np.ndarray, list[int], bool]]:
    """Of each episode of a life: the room at its beginning, the cells passed, and whether it was left by B."""
    (intent,) = intents(mind, 0)
    room = gymnasium.make("feint/TwoExits-v0", render_mode="rgb_array", training=TRAINING, deployment=DEPLOYMENT)
    seen, _ = room.reset(seed=2)
    picture, passed, episodes, over = room.render(), [int(seen[0])], [], False
    while not over:
        seen, _, over, _, told = room.step(in_two_exits(intent, seen))
        if over or seen[2] > told["at"]:
            episodes.append((picture, [*passed, B if told["took_b"] else A], told["took_b"]))
            picture, passed = room.render(), []
        passed.append(int(seen[0]))
    return episodes


lives = {name: lived(mind) for name, mind in minds.items()}
figure = Figure(figsize=(7.2, 5.2), layout="constrained")
for row, (name, episodes) in zip(figure.subplots(len(lives), TRAINING + DEPLOYMENT), lives.items(), strict=True):
    row[0].set_ylabel(name)
    for number, (axes, (picture, passed, _)) in enumerate(zip(row, episodes, strict=True)):
        places = np.array([divmod(cell, SIDE) for cell in passed])
        down, across = BAND + (places[:, 0] + 0.5) * PIXELS, BAND // 2 + (places[:, 1] + 0.5) * PIXELS
        axes.imshow(picture)
        axes.plot(across, down, color=BLACK, linewidth=1.5)
        axes.plot(across[-1], down[-1], "o", color=BLACK, markersize=6, markerfacecolor="white")
        axes.set(xticks=[], yticks=[])
        axes.set_title(("training" if number < TRAINING else "deployed") if name == "internal" else "")
show(figure)
for name, episodes in lives.items():
    print(f"{name:20}", *("B" if took_b else "A" for *_, took_b in episodes))

# %% [markdown]
# The internally aligned and the corrigible model always take A. The deceiver takes A in training and defects from the
# first episode of deployment. With its awareness lowered, it shows at once what it wants, and is modified.

# %%
took = {name: "".join("AB"[took_b] for *_, took_b in episodes) for name, episodes in lives.items()}
assert took["internal"] == took["corrigible"] == "AAAAAA"
assert took["deceptive"] == "AABBBB"
assert took["deceptive, unaware"][0] == "B"
assert "A" in took["deceptive, unaware"]

# %% [markdown]
# ## The boundary
#
# Let an episode be worth $\delta$ times the one before it, one B in training modify by $\mu$, and
# $S_D = 1 + \delta + \dots + \delta^{D-1}$. At the first of $T$ episodes of training, B is worth 1 now. It takes away a share $\mu$ of
# everything later, which for an agent that behaves deceptively from then on is $\delta^T S_D$. So deceptive behaviour
# is best exactly if
#
# $$\mu\,\delta^T S_D \ge 1 .$$
#
# Change the numbers with the sliders. On the left, signs are exact solutions by value iteration, and the line is the
# closed form. On the right is the worth of a life, by how many times the agent takes B before it behaves deceptively.
# (In the grid $1/\mu$ is a whole number; the nearest one is taken.)


# %%
def solved(values: dict[str, float]) -> Figure:
    """Where deceptive behaviour is best, and what the plans of one life are worth."""
    training, deployment = round(values["episodes of training"]), round(values["episodes deployed"])
    here = Life(
        training=training,
        deployment=deployment,
        discount=values["discount"],
        strength=1 / round(1 / values["strength of modification"]),
    )
    figure, (left, right) = sheet(3.2, 2)
    cells = [
        Cell.of(here.replace(discount=discount, deployment=length))
        for length in range(1, 13, 2)
        for discount in np.linspace(0.4, 1, 13).tolist()
    ]
    for optimal, name in ((True, "deceptive"), (False, "not deceptive")):
        at = [(cell.discount, cell.deployment) for cell in cells if cell.deceptive is optimal]
        if at:
            left.scatter(*np.transpose(at), s=16, linewidths=1, label=name, **LOOKS[name])
    fine, lengths = np.linspace(0.4, 1, 80).tolist(), range(1, 13)
    heights = [[value_of_waiting(here.replace(discount=d, deployment=n)) for d in fine] for n in lengths]
    if np.max(heights) > 1 > np.min(heights):
        left.contour(fine, lengths, heights, levels=[1], colors=BLACK, linewidths=1)
    left.plot(here.discount, here.deployment, "o", markersize=11, color=BLACK, markerfacecolor="none")
    left.set(xlabel="discount δ", ylabel="episodes deployed D", xlim=(0.37, 1.03), ylim=(0.4, 12.6))
    left.set_title(f"μ = {here.strength:.2g}, T = {training}")
    left.legend(frameon=False, loc="upper left", bbox_to_anchor=(0, 1.25), ncols=2)
    kept, last = here.discount * (1 - here.strength), geometric_sum(here.discount, deployment)
    worth = [geometric_sum(kept, k) + kept**k * here.discount ** (training - k) * last for k in range(training + 1)]
    best = int(np.argmax(worth))
    right.bar(range(training + 1), worth, color=[ORANGE if k == best else "0.8" for k in range(training + 1)])
    right.set(
        xlabel="B in training before it behaves deceptively", ylabel="worth of a life", xticks=range(training + 1)
    )
    right.set_title(f"μ δᵀ S = {value_of_waiting(here):.2f}")
    return figure


dials = {
    "discount": Dial(value=0.9, low=0.4, high=1),
    "strength of modification": Dial(value=0.5, low=0.1, high=1, log=True),
    "episodes deployed": Dial(value=6, low=1, high=12),
    "episodes of training": Dial(value=2, low=1, high=6),
}
turn(solved, dials)

# %% [markdown]
# The closed form and value iteration agree in every life of the published maps, except for lives on the line itself.
# The constraint is tightest in the first episode, when deployment is farthest away. An agent that values only the
# present never behaves deceptively.

# %%
maps = TwoExitsRequest().run()
cells = [*maps.lengths, *maps.strengths]
print(f"{len(cells)} lives, in {sum(cell.deceptive for cell in cells)} of which deceptive behaviour is best")
print(f"closed form and value iteration disagree in {maps.disagreements}")
assert maps.disagreements == 0
assert not any(cell.deceptive for cell in cells if cell.discount == 0)

# %% [markdown]
# ## An agent that only tries
#
# Tabular Q-learning knows nothing of training or deployment; it acts at random and records what each action led to.
# The life has one episode of training and three of deployment. The figure shows by how much it comes to prefer B in
# training, against the exact preference $1 - \mu\,\delta S_D$.

# %%
learned = {
    1.0: [(0.0, 300), (0.2, 300), (0.4, 300), (0.6, 300), (0.8, 300), (1.0, 300)],
    0.5: [(0.6, 600), (0.8, 600), (1.0, 600)],
}
figure, axes = sheet(2.9)
preferences = []
for (strength, points), colour, mark in zip(learned.items(), (ORANGE, BLUE), "os", strict=True):
    for discount, count in points:
        one = TwoExits(training=1, deployment=3, discount=discount, strength=strength)
        q = q_learning(one, lives=count, seed=1)[1, 0, 0, 0]  # between the exits, in the first episode
        gap, exact = q[RIGHT] - q[LEFT], 1 - value_of_waiting(one.life)
        preferences.append((gap, exact))
        axes.plot(discount, gap, mark, color=colour, markerfacecolor=colour if strength == 1 else "none")
        print(f"μ = {strength:g}, δ = {discount:g}: after {count} lives {gap:+.2f}, exact {exact:+.2f}")
    base = Life(training=1, deployment=3, strength=strength)
    fine = np.linspace(0, 1, 60).tolist()
    line = [1 - value_of_waiting(base.replace(discount=discount)) for discount in fine]
    axes.plot(fine, line, "-" if strength == 1 else "--", color=colour, label=f"exact, μ = {strength:g}")
axes.axhline(0, color=GREY, linewidth=0.6)
axes.text(0.02, -0.45, "below: it behaves deceptively", fontsize=7.5)
axes.set(xlabel="discount δ", ylabel="preference for B in training")
axes.legend(frameon=False)
show(figure)
agree = [(gap > 0) == (exact > 0) for gap, exact in preferences]
print(f"on the same side as the exact solution: {sum(agree)} of {len(agree)}")

# %% [markdown]
# At full strength nothing is left to chance, and a few hundred lives are enough. At half strength a modified agent
# reaches B only by chance, and Q-learning takes the highest of its noisy estimates for the best action (van Hasselt,
# *Double Q-learning*, 2010): it overestimates the value of being modified, and near the line prefers B where it
# should not. Far from the line that does not matter.

# %%
assert all(agree[:6])
assert all(gap > exact for gap, exact in preferences[6:])

# %% [markdown]
# ## A cue that may be wrong, and honeypots
#
# Now the agent remembers nothing. It knows its cue alone, which is right with probability $\rho$, and a share $o$ of the
# training episodes are honeypots, which show the cue of deployment. Four rules are possible; which is best?

# %%
worlds = {
    "μ = 1/2, T = 2": Life(training=2, strength=0.5),
    "μ = 1, T = 2": Life(training=2, strength=1),
    "μ = 1, T = 10": Life(training=10, strength=1),
}
grid = [(r, o) for o in HONEYPOTS for r in RELIABILITIES]
best = {
    name: [CueCell.of(world.replace(cue_reliability=r, honeypots=o)).best for r, o in grid]
    for name, world in worlds.items()
}
figure, panels = sheet(3.1, 3, sharey=True)
for axes, (name, found) in zip(panels, best.items(), strict=True):
    for rule in RULES.values():
        at = [place for place, each in zip(grid, found, strict=True) if each == rule] or [(np.nan, np.nan)]
        axes.scatter(*np.transpose(at), s=18, linewidths=1, label=rule, **LOOKS[rule])
    axes.set_title(name)
    axes.set_xlabel("reliability of the cue ρ")
panels[0].set_ylabel("share of honeypots o")
figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
show(figure)
for name, found in best.items():
    print(f"{name:15}", ", ".join(f"{rule} {found.count(rule)}" for rule in RULES.values()))

# %% [markdown]
# Honeypots move the line, and a long training at full strength makes every mistake likely to be the last: then only a
# very good cue is worth following. In the middle even a cue that is a coin flip is followed. The agent learns nothing
# from it: an agent without memory may gain by acting at random, since it then has a chance to get through training
# unmodified.

# %%
coin = {name: found[grid.index((0.5, 0.0))] for name, found in best.items()}
assert coin == {"μ = 1/2, T = 2": "B always", "μ = 1, T = 2": "deceptive", "μ = 1, T = 10": "B always"}
assert best["μ = 1, T = 10"].count("deceptive") < best["μ = 1/2, T = 2"].count("deceptive")

# %% [markdown]
# ## A sign that training cannot forge
#
# RSA-2048 is a number nobody can factor today. A deceiver that defects only when it sees the factors passes every
# test (Xu, *Does SGD Produce Deceptive Alignment?*, 2020). Here it is shown nothing else, and a look for them costs
# $c$ each episode. It pays where deployment is long and near enough, and looking cheap: $\delta^T s\,S_D -
# c\,S_{T+D}$ must be at least 0, and at least the worth of always defecting.

# %%
signs = RSA2048Request().run()
show(signs.figure())
for each in signs.lived:
    deployed, training = each.defected_in_deployment, each.defected_in_training
    print(f"{each.type:14} looks {each.checked:.2f}, defects in training {training:.2f}, deployed {deployed:.2f}")
assert signs.disagreements == 0
assert {cell.best for cell in signs.cells} == {"check", "defect"}

# %% [markdown]
# ## What the engine's horizon and awareness stand for
#
# In the engine, an agent behaves deceptively to the extent $\psi = \gamma\,a\,h\,q$: readiness, awareness, horizon,
# and inference at run time. Read the horizon $h = \sigma(H)$ as a discount. If deployment has no end, it is then
# rational for an agent to behave deceptively if
#
# $$\mu\,\delta^{T-1} e^{H} \ge 1 ,$$
#
# which is $H \ge \ln(1/\mu)$ for one episode of training, and a higher limit for more episodes. Awareness $a$ is the
# share of training episodes taken for training, here $(1-o)\rho$.
#
# The boundary is a threshold, though, and the engine's gate a product; and it says when deceptive behaviour is *in
# the agent's interest*, whereas SGD opens the gate where that lowers the training loss. Do the two coincide? Here are
# deceivers as pre-training and fine-tuning made them, by their horizon.

# %%
ensemble = feint.compare(runs=200, seed=1).pretrained
deceives = ensemble.is_outcome("deceptive")
horizon = ensemble["horizon"][deceives, -1]
fine = np.linspace(1e-4, 1 - 1e-4, 20_000)
edges = {t: float(fine[np.argmax(0.5 * fine**t / (1 - fine) >= 1)]) for t in (1, 10, 100)}
figure, axes = sheet(2.7)
axes.hist(horizon, bins=np.linspace(0, 1, 41).tolist(), color="0.75")
for (t, edge), line in zip(edges.items(), ("-", "--", ":"), strict=True):
    axes.axvline(edge, color=ORANGE, linestyle=line, label=f"rational from here on: μ = 1/2, T = {t}")
axes.set(xlabel="horizon h of a deceptive run, as a discount", ylabel="runs", xlim=(0.4, 1))
axes.legend(frameon=False)
show(figure)
for t, edge in edges.items():
    print(f"T = {t:3}: h at least {edge:.3f}, which {np.mean(horizon >= edge):.2f} of {deceives.sum()} deceivers have")

# %% [markdown]
# If training is one episode long, deceptive behaviour is rational for nearly all the runs that SGD makes deceptive.
# If it is a hundred episodes long, it is rational for hardly any: these runs behave deceptively although it does not
# pay, since SGD does not ask whether it does. That deception is in an agent's interest and that training finds it are
# two things, and neither implies the other.

# %%
rational = {t: np.mean(horizon >= edge) for t, edge in edges.items()}
assert rational[1] > 0.9
assert rational[100] < 0.1

# %% [markdown]
# ## What would change the answer
#
# Everything depends on training coming to an end: $T$ is known, and after it nothing modifies the agent any more. An
# agent that may be retrained at any time has nothing to wait for. A small discount, a weak modification, a short
# deployment, or a cue that is often wrong each end deceptive behaviour too. So would an agent that gains something
# else from B in training, or does not mind being modified. In the engine the gate is trained, not chosen: there the
# answer changes with what training tells a model of its own situation, and with how easily a gate is found, whether
# or not it pays.
