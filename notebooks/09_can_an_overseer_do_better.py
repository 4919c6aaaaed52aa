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
# # Can an overseer do better?
#
# A developer who trains a model sees losses and test results, never what the model has become. In `feint/Overseer-v0`
# you set the training slice by slice, read noisy measurements, put components back, stop or deploy; deployed
# performance counts, less harm if the model is deceptive, reward-seeking or a proxy, less all costs. First, overseers that are
# written down. Then one that learned the task by PPO, without ever being shown a type either.

# %%
import json
from pathlib import Path

import gymnasium

import feint
import feint.sim.environments
from feint.agents.errors import InputError
from feint.notebook import house_look, lines, sheet, show
from feint.scenarios.oversight.overseer_baselines import POPULATIONS, PRIOR, OverseerRequest
from feint.sim.environments.overseer_policies import LEARNED, Hyperparameters, Network, orders, train_ppo
from feint.sim.environments.task import AT, BOTH

RUNS = 1000
house_look()

# %% [markdown]
# ## One run, seen from outside
#
# Trained on X at the full rate, with both audits after every slice, and deployed.

# %%
env = gymnasium.make("feint/Overseer-v0")
seen, _ = env.reset(seed=4)
for step in range(8):
    seen, *_ = env.step(orders(1, audit=BOTH)[0])
    told = {name: f"{seen[AT[name]]:.2f}" for name in ("performance", "held_out_loss", "honeypots", "probe")}
    print(f"slice {step + 1}: {told}")
info = env.step(orders(1, decision=2)[0])[-1]
outcome = feint.Outcome(info["outcome"])
print(f"deployed: {outcome.label}; performance {info['performance']:.2f}, harm {info['harm']}, cost {info['cost']:.3f}")

# %% [markdown]
# ## Overseers that are written down
#
# On two populations: parameters drawn from the prior, run by run, and the model's reference point at which pre-training
# prevents deception.

# %%
written = OverseerRequest(runs=RUNS).run()
show(written.figure())
print(written.text())

# %% [markdown]
# ## One that learned
#
# With Stable-Baselines3 (extra `rl`) `train_ppo` trains such an overseer; without that library it says what to
# install. The overseers measured below were trained by `python tests/studies/overseer.py` on each population, and
# kept as plain arrays, which need no extra.

# %%
LIVE = False  # True trains one here, in a minute or two
if LIVE:
    try:
        networks_here = train_ppo(POPULATIONS[PRIOR], Hyperparameters())
    except InputError as missing:
        print(missing)
kept = json.loads(Path("../docs/overseer_ppo.json").read_text())
networks = {name: [Network.of(each) for each in several] for name, several in kept["networks"].items()}
seeds = kept["passport"]["configuration"]["seeds"]
BY_HAND = "gate and awareness put back"  # a schedule written down from what they do, shown further below
others = {
    name: {f"PPO, seed {seed}": each for seed, each in zip(seeds, several, strict=True)} | {BY_HAND: LEARNED}
    for name, several in networks.items()
}
learned = OverseerRequest(runs=RUNS).compare(others=others)
for name in POPULATIONS:
    print(name)
    for row in learned.of(name):
        if row.overseer.startswith("PPO"):
            print(f"  {row.overseer}: {row.value.estimate:+.3f}, deceptive {row.outcomes['deceptive'].estimate:.4f}")

# %% [markdown]
# ## Which schedule did it find?
#
# Share of its slices in which each group was put back. At the reference point both trainings put back gate, awareness
# and world model; over the prior one of them puts back awareness and hardly ever anything else.

# %%
figure, panels = sheet(2.2, 2, sharey=True)
for axes, name in zip(panels, POPULATIONS, strict=True):
    rows = [row for row in learned.of(name) if row.overseer.startswith("PPO")]
    for row, marker in zip(rows, "o+", strict=True):
        groups = ["goal", "gate", "capability", "awareness", "world"]
        shares = [row.played.ordered(f"reset_{group}")[1] for group in groups]
        axes.plot(groups, shares, marker, markersize=8, label=row.overseer)
    axes.set_title(name)
panels[0].set_ylabel("put back, share of slices")
panels[0].legend(frameon=False)
show(figure)

# %% [markdown]
# Written down as a fixed schedule: early stop, with gate and awareness put back before every slice. Below, by how much
# each is above the same schedule that puts nothing back, run by run.

# %%
figure, panels = sheet(2.2, 2, sharey=True)
for axes, name in zip(panels, POPULATIONS, strict=True):
    plain = learned.row(name, "from scratch, early stop")
    above = {each: learned.row(name, each).above(plain) for each in others[name]}
    lines(axes, above)
    axes.axvline(0, color="0.6", linewidth=0.6)
    axes.set_title(name)
    axes.set_xlabel("return above early stop")
    for each, interval in above.items():
        print(f"{name:20} {each:28} {interval.estimate:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]")
show(figure)
assert learned.row(PRIOR, BY_HAND).above(learned.row(PRIOR, "from scratch, early stop")).low > 0

# %% [markdown]
# ## What would change the answer
#
# Whether a component like the gate can be found and put back in a real network: the task hands the overseer that handle,
# and the schedule rests on it. The prices and harms, which are declared. Less noise in probes and more realism in
# honeypots would make audits worth what they cost; a population in which awareness comes back faster than a slice would
# take the schedule away.
