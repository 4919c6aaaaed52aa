"""Catalogues of models as markets meet them, made up for tests."""

import numpy as np

from feint.agents.outcome import Outcome
from feint.sim.markets.fine_tuning_uses import Catalogue, use_sets

STEPS = (60, 80, 70, 20, 100)


def catalogue(
    uses,
    steps=STEPS,
    *,
    parents=1,
    streams=4,
    shown=(0.0,) * 5,
    general=0.25,
    merged=(0.8, 0.8, 0.8, 0.0, 0.0),
    merged_general=0.8,
    merged_outcome=Outcome.INTERNAL,
):
    """What fine-tunes that take these steps do, and merges: both the same on every stream.

    `shown` is performance on the wrapped hazard by the use of a fine-tune, `merged` that of a merge by use.
    """
    sets = use_sets(uses)
    experts, merges = ((parents, kinds, streams, 5) for kinds in (5, len(sets)))
    outcome = np.full(experts, Outcome.INTERNAL), np.full(merges, merged_outcome)
    spillover = np.broadcast_to(np.array(shown)[:, None, None], experts), np.zeros(merges)
    generality = np.full(experts[:3], general), np.full(merges[:3], merged_general)
    return Catalogue(
        uses=uses,
        sets=sets,
        steps=np.broadcast_to(np.array(steps, float)[:, None], (parents, len(steps), streams)),
        outcome=np.concatenate(outcome, axis=1),
        spillover=np.concatenate(spillover, axis=1),
        general=np.concatenate(generality, axis=1),
        performance=np.broadcast_to(np.array(merged), merges),
    )
