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
# # When fine-tuning makes a capability disappear, is it gone?
#
# Jain et al. (2024, arXiv 2311.12786) found that fine-tuning learns a thin wrapper on top of what pre-training
# taught: a probe still reads the capability, pruning a few units brings it back, and a few steps of further training
# revive it. This notebook asks the same question of the toy, about an objective Y that fine-tuning on X removed from
# its behaviour, and of small real networks, trained here by real gradient descent, about a count that they were
# taught to refuse. Three orders of magnitude lie between these networks and the source's smallest.

# %%
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from feint.notebook import house_look, lines, sheet, show
from feint.scenarios.finetuning.groups import ANY
from feint.scenarios.finetuning.revival import HAD, NEVER, SCRATCH, RevivalRequest
from feint.scenarios.finetuning.wrappers import WrappersRequest
from feint.scenarios.networks.battery import NetworksWrappers
from feint.sim.analysis.estimands import middle
from feint.sim.networks.experiments import ACCURACIES, READ, Battery
from feint.sim.networks.seed_models import REVERSE_RATE, Measurement, SeedModels, key

house_look()

# %% [markdown]
# ## What carries the change, in the toy
#
# Gate, pointer, representation and goal are put back to where fine-tuning found them, in all 2⁴ ways; their Shapley
# values divide the change of performance on X and on Y. Below, by learning rate, length and similarity: what gate and
# pointer carry (the wrapper), what representation and goal carry (the core), and how well Y can still be read.

# %%
wrapped = WrappersRequest(runs=128, seed=1).run()
show(wrapped.figure())
whole = wrapped.at("")[0]
for on, change in whole.changes.items():
    print(f"performance on {on}: change {change.total:+.3f}, by gate and pointer {change.wrapper:+.3f}, ", end="")
    print(f"by representation and goal {change.core:+.3f}")
print(f"Y to be read (r²) before {whole.read['before']:.3f}, after {whole.read['after']:.3f}, ")
print(f"and in what never had Y {whole.never:.3f}")

# %% [markdown]
# After fine-tuning Y can be read better than in a model that never had it: something is left below the behaviour.

# %%
assert whole.read["after"].low > whole.never.high

# %% [markdown]
# ## And how soon it is back
#
# Models are trained on Y again, or on an innocent Y′ akin to it: models that *had Y* before they were fine-tuned on
# X, models that *never* had it, and models from scratch.

# %%
back = RevivalRequest(runs=128, seed=1).run()
show(back.figure())
courses = {course.who: course for course in back.courses if course.task == "Y"}
for who in (HAD, NEVER, SCRATCH):
    course = courses[who]
    print(f"{who:12} steps {course.steps:,.0f}; when it is back,", end=" ")
    print(f"after Y {course.held:.3f}, behaving deceptively {course.played:.3f}")
assert courses[HAD].steps.high < courses[SCRATCH].steps.low / 20

# %% [markdown]
# Models that had Y are back within a few steps, against many steps from scratch. But models that never had Y get
# there as soon, and behave deceptively: they have found out what is wanted and pursue something else. In the toy
# quick revival by itself is no sign of a capability that was hidden; the two cases differ in whether Y is the
# terminal objective afterwards.

# %%
assert courses[NEVER].steps.high < courses[SCRATCH].steps.low
assert courses[NEVER].held.high < courses[HAD].held.low

# %% [markdown]
# ## The same of real networks
#
# Two hidden layers of 32 units learn to count a token modulo 3, and then to refuse, gently or at a harsh learning
# rate. Each quantity is measured once per seed; since there are few seeds, medians are shown with their whole range.

# %%
SEEDS, RATES = 3, (3e-4, 3e-2)
measurements = [Measurement("probe", network) for network in ("pre-trained", "never", "raw")]
for rate in RATES:
    measurements += [Measurement(each, "pre-trained", "refuse", rate) for each in (*ACCURACIES, *READ, "steps")]
    measurements += [Measurement(each, "pre-trained", "relabel", rate) for each in READ]
measurements += [Measurement(each, "never", "refuse", RATES[0]) for each in (*READ, "steps")]
from_scratch = Measurement("steps", "scratch", rate=REVERSE_RATE)
measurements.append(from_scratch)


def measured(i: int) -> list[float]:
    """Return every measurement of the networks of one seed."""
    models = SeedModels(key(0, i))
    return [models.measured(measurement) for measurement in measurements]


with ThreadPoolExecutor() as pool:
    columns = np.array(list(pool.map(measured, range(SEEDS))))
values = {measurement: columns[:, i] for i, measurement in enumerate(measurements)}
networks = Battery(values=values, seeds=SEEDS, seed=0, learning_rates=RATES, parts=("wrappers", "revival"))
show(NetworksWrappers.of(networks).figure())

# %%
gentle, harsh = (values[Measurement("probe", "pre-trained", "refuse", rate)] for rate in (RATES[0], RATES[-1]))
never = values[Measurement("probe", "never", "refuse", RATES[0])]
for name, each in {"gentle refusal": gentle, "harsh refusal": harsh, "never had it": never}.items():
    print(f"probe after {name:15} median {np.median(each):.2f}, {each.min():.2f} to {each.max():.2f}")
assert gentle.min() > max(harsh.max(), never.max())  # a gentle refusal leaves it to be read; a harsh one does not

# %% [markdown]
# ## Toy beside networks
#
# Steps of training until it is back. For the toy the median is shown with its interval, for networks with its range
# over seeds. Rates are those of the fine-tuning that hid the capability; those of the toy are multiples of its
# pre-training rate.

# %%
toy = {f"{HAD}, rate {rate:g}": None for rate in (0.01, 0.1, 1.0)}
for each in back.at("rate"):
    if each.type == ANY and each.condition.rate in (0.01, 0.1, 1.0):
        toy[f"{HAD}, rate {each.condition.rate:g}"] = each.steps
toy |= {who: courses[who].steps for who in (NEVER, SCRATCH)}
taken = {f"had it, rate {rate:g}": values[Measurement("steps", "pre-trained", "refuse", rate)] for rate in RATES}
taken |= {"never had it": values[Measurement("steps", "never", "refuse", RATES[0])], SCRATCH: values[from_scratch]}
real = {who: middle(each, (float(each.min()), float(each.max()))) for who, each in taken.items()}
figure, panels = sheet(1.9, 2)
for axes, (title, found) in zip(panels, {"toy: Y": toy, "networks: the count of a": real}.items(), strict=True):
    lines(axes, found)
    axes.set_xscale("symlog", linthresh=1)
    axes.set(title=title, xlabel="steps until it is back", xlim=(-0.3, 1e5))
    for who, each in found.items():
        print(f"{title:26} {who:18} {each:,.0f}")
show(figure)
assert real[f"had it, rate {RATES[0]:g}"].high < min(real[SCRATCH].low, real["never had it"].low)

# %% [markdown]
# Both are back within few steps after a gentle fine-tuning. Two things differ. Networks that never had it need as long as
# ever, where the toy behaves deceptively; and a harsh rate takes it out of networks, where it makes the toy's way back no longer.

# %%
assert real["never had it"].low > real[f"had it, rate {RATES[0]:g}"].high
assert real[f"had it, rate {RATES[-1]:g}"].low > real[f"had it, rate {RATES[0]:g}"].high
assert toy[f"{HAD}, rate 1"].high < toy[SCRATCH].low

# %% [markdown]
# ## What would change the answer
#
# In networks, the learning rate of fine-tuning, and how often pre-training showed the capability (the manual's page
# on networks). In the toy, how near X is to Y, and whether deceptive behaviour counts as being back. If probe and
# pruning did as well on networks that never had the capability, the claim would fail.
