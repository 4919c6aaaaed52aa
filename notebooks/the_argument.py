# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Does pre-training + fine-tuning favour deception?
#
# Mark Xu's claim (2021): with the final capability held constant, training on Y and then fine-tuning on X ends in
# deceptive alignment more often than training on X directly. Here are both ways of training, run by run from the same
# starts and on the same fine-tuning noise.

# %%
import feint
from feint.scenarios import headline

default = feint.compare(runs=1000, seed=1)
print(default.difference())

# %%
headline.figure(default)

# %% [markdown]
# ## Turn two premises
#
# How near are the two objectives, and how much do pre-training data tell of being in training?

# %%
for similarity in (0.0, 0.5, 0.9):
    for exposure in (1e-4, 0.003, 0.1):
        curriculum = feint.pretrain_finetune(pretraining={"awareness_exposure": exposure})
        found = feint.compare(curriculum, model=feint.Model(similarity=similarity), runs=500, seed=1).difference()
        print(
            f"similarity {similarity:.1f}, exposure {exposure:6g}: {found.estimate:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"
        )

# %% [markdown]
# ## And where it is reversed
#
# Goals that are hard to write, pointers that are hard to find, near objectives, and pre-training data that say next to
# nothing of being in training.

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
told = {"awareness_exposure": 0.1, "horizon_exposure": 0.1}
print(feint.compare(feint.pretrain_finetune(untold, told), model=hard_to_align, runs=1000, seed=1).difference())

# %% [markdown]
# **What would change the answer:** whether what pre-training hands over (capability, awareness, a gate ajar) outweighs what it
# spares (an objective that is nearly right already). `feint parameters` names every premise with its source.
