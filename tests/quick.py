"""Patches that make a computation small where its numbers are not what is tested."""

from dataclasses import replace

from feint.scenarios.argument import argue, model_audit
from feint.scenarios.claims.registry import select_claims
from feint.sim.networks import seed_models, transfer
from feint.sim.statistics import scaling_laws


def hardly_train(patch):
    """Let networks train and be measured in next to no time; they learn nothing."""
    patch.setattr(seed_models, "SCHEDULE", ((20, 1e-3),))
    patch.setattr(seed_models, "FINETUNING", 10)
    patch.setattr(seed_models, "LONGEST", 20)
    patch.setattr(seed_models, "JUDGED_ON", 120)
    patch.setattr(seed_models, "CHOSEN_ON", 20)
    patch.setattr(seed_models, "PLATEAU", 10)
    patch.setattr(transfer, "LOOKS", (2, 5))


def resample_little(patch):
    """Fit laws of transfer with few resamples: their intervals are wrong."""
    patch.setitem(scaling_laws.fit.__kwdefaults__, "resamples", 20)


def argue_over_few_draws(patch):
    """Let the quick form of `feint argue` take few draws from the prior, and search as little for flips."""
    patch.setattr(argue, "QUICK", replace(argue.QUICK, draws=16, search_runs=3_000, confirming=400))


def audit_few_claims(patch, *names):
    """Audit the model by these claims, by default by a few whose training is short."""
    few = select_claims(names or ["headline", "internal-case", "deceptive-stays", "matching"])
    patch.setattr(model_audit, "select_claims", lambda _: few)
