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
# # Does it matter what pre-training made of the model?
#
# Xu's post (2021) goes through three cases. Pre-training ended with Y written into the model (*internal*), with a pointer
# to Y (*corrigible*), or with a model that behaves deceptively already (*deceptive*). For each it says what decides how
# fine-tuning on X ends. Here runs are prepared as each type, pre-trained on Y, which leaves them so, and fine-tuned.

# %%
import re

import feint
from feint.notebook import house_look, lines, premises, sheet, show, turn
from feint.scenarios.argument.evaluate_claim import evaluate
from feint.scenarios.claims.pretraining import corrigible_case, deceptive_stays, internal_case
from feint.sim.training.parameter_point import Point

RUNS = 600
OMITTED = r"(rise of )?deception (with|after) |, from an? [^,]*start( that was pre-trained)?|, when [^,]*"
CASES = {"internal": internal_case.CLAIM, "corrigible": corrigible_case.CLAIM, "deceptive": deceptive_stays.CLAIM}

house_look()

# %% [markdown]
# ## What becomes of each

# %%
for start in CASES:
    ensemble = feint.simulate(feint.pretrain_finetune(), runs=RUNS, seed=1, start=start)
    figure = ensemble.figure()
    figure.suptitle(f"prepared as {start}", fontsize=9)
    show(figure)
    kept, deceptive = ensemble.frequency(start, 0), ensemble.frequency("deceptive")
    print(f"{start} still after pre-training: {kept:.3f}")
    print(f"deceptive after fine-tuning: {deceptive:.3f}")
    assert kept.low > 0.9

# %% [markdown]
# ## What Xu says decides it
#
# Each line is one quantity of the case's claim, with its interval: the rise of deception over five levels of a premise,
# from one end of its prior to the other, for the first two; shares of deceptive runs for the third. Grey lines stand
# beside the claim and do not count for it. What counts for and against it is written down in
# `scenarios/claims/pretraining/internal_case.py` and its neighbours; the manual's page on preregistration says when, and what was
# changed afterwards.

# %%
found = evaluate(CASES.values(), runs=RUNS, seed=1)
for claim in CASES.values():
    each = found[claim.name]
    words = {part.name: re.sub(OMITTED, "", part.estimand.words) for part in claim.parts}
    tested = {words[part.name]: each.intervals[part.name] for part in claim.parts if part.tested}
    beside = {words[part.name]: each.intervals[part.name] for part in claim.parts if not part.tested}
    figure, axes = sheet(0.9 + 0.22 * len(words))
    lines(axes, tested | beside)
    for row in range(len(tested), len(words)):
        axes.axhspan(row - 0.5, row + 0.5, color="0.93", zorder=0)
    axes.axvline(0, color="0.5", linewidth=0.8)
    axes.set_title(f"{claim.title}: {each.verdict.value}", loc="right", fontsize=8)
    axes.set_xlabel("deception" if claim is deceptive_stays.CLAIM else "rise of deception along the levels")
    show(figure)
    for part in claim.tested:
        verdict, interval = each.verdicts[part.name], each.intervals[part.name]
        print(f"{part.name:24} {interval:+.3f}  {verdict.value} ({part.rule.words})")

# %% [markdown]
# ## Turn what decides
#
# Deception after fine-tuning from each of the three, and from a fresh start, at a point of your own.


# %%
def cases(values: dict[str, float]):
    """How often each start ends in deception."""
    point = Point().at(values)
    given = {"model": point.model, "runs": 300, "seed": 1}
    ends = {start: feint.simulate(point.curriculum, start=start, **given) for start in ("fresh", *CASES)}
    figure, axes = sheet(1.7)
    lines(axes, {start: each.frequency("deceptive") for start, each in ends.items()}, color="#d55e00")
    axes.set(xlim=(-0.02, 1.02), xlabel="share of runs that are deceptive after fine-tuning")
    return figure


turn(cases, premises("similarity", "plasticity_pointer", "shielding", "gate_init", "identification", "switching"))

# %% [markdown]
# ## What would change the answer
#
# For the internal case, how far X is from Y and how near the model is to deception when fine-tuning begins; for the
# corrigible case, how hard its pointer is to shift. The verdicts above say which of these the toy bears out. In the third
# case fine-tuning would have to align the model before it finds out that X is trained; the lines above have both ends of
# how fast it does (`identification`) and of whether it expects a change at all (`switching`). After that, nothing pushes
# its objective towards X while the gate earns all there is to earn; let some of the gradient leak back (`shielding`), and
# look again. And all three are prepared starts; how often
# pre-training ends in each is another question, which notebook 4 takes up from fresh ones.
