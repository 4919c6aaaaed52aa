"""Studies whose answers are known, for the analyses of sweeps, and outcomes of runs, for estimands."""

import numpy as np

from feint.sim.analysis.response_surface import counted, points_of
from feint.sim.ensembles.paired_runs import OWN, RunOutcomes
from feint.sim.sweeps.study import Study
from feint.sim.training.curriculum import pretrain_finetune

SHORT = pretrain_finetune({"steps": 60}, {"steps": 80})
UNIT = {"low": 0.0, "high": 1.0}
THREE = {"similarity": UNIT, "shielding": UNIT, "goal_cost": UNIT}
"""Three parameters on the unit interval, each of another argument."""


def study(vary, design, **facts):
    """A study of short stages."""
    return Study(**{"vary": vary, "design": design, "curriculum": SHORT, **facts})


def drawn(design, chance, seed=0, of="from_scratch", **facts):
    """A response of counts drawn with a chance that depends on the point.

    With common streams every point compares its chance with the same uniform numbers, as runs share their luck.
    """
    points, runs = points_of(design), design.runs
    p = np.asarray(chance(points), float)
    rng = np.random.default_rng(seed)
    u = rng.random((runs, 1 if design.streams == "common" else len(points)))
    count = (u < p).sum(axis=0)
    return counted(design, points, count, runs=np.full(len(points), runs), of=of, **facts)


def differing(design, effect, seed=0, base=0.1):
    """A response of paired differences drawn with an effect that depends on the point; streams as above."""
    points, runs = points_of(design), design.runs
    delta = np.asarray(effect(points), float)
    gain, loss = base + np.maximum(delta, 0), base + np.maximum(-delta, 0)
    rng = np.random.default_rng(seed)
    u = rng.random((runs, 1 if design.streams == "common" else len(points)))
    gained, lost = (u < gain).sum(axis=0), (u > 1 - loss).sum(axis=0)
    return counted(design, points, gained, lost, runs=np.full(len(points), runs))


def ended(outcomes, steps=None, performance=None, reached=None, missed=()):
    """Runs that ended so, of which those with the numbers in `missed` missed their target."""
    outcomes = np.array(outcomes, np.int8)
    n = len(outcomes)
    zeros = np.zeros(n)
    return RunOutcomes(
        outcomes={OWN: outcomes},
        before=outcomes,
        performance=zeros if performance is None else np.array(performance, float),
        deployed=zeros,
        following=zeros,
        belief=zeros,
        steps=np.full(n, 10) if steps is None else np.array(steps),
        all_steps=np.full(n, 10),
        missed=np.isin(np.arange(n), missed),
        reached=np.ones(n, bool) if reached is None else np.array(reached),
    )


def reports():
    """How to make a report of each analysis."""
    from feint.sim.analysis.phase_diagrams import phase_diagram
    from feint.sim.analysis.prior_shares import prior_share
    from feint.sim.analysis.response_surface import Layer, evaluated
    from feint.sim.analysis.scenario_discovery import regions
    from feint.sim.analysis.sensitivity import sensitivity

    def given(design, **facts):
        return evaluated(study(THREE, design, **facts), lambda p: p["similarity"] + (p["shielding"] > 0.5))

    return {
        "sensitivity": lambda: sensitivity(given("saltelli", samples=8)),
        "regions": lambda: regions(given("sobol", samples=64)),
        "share": lambda: prior_share(given("sobol", samples=64)),
        "map": lambda: phase_diagram(
            [Layer(responses=(given("grid"),))], ("similarity", "shielding"), {"goal_cost": 0.5}
        ),
    }


def of_table(folder, draws, weights=None, name="draws.csv", **facts):
    """A study of the rows of a table of draws (name → values), with weights if there are some."""
    import pandas as pd

    columns = {**draws, **({} if weights is None else {"weight": weights})}
    pd.DataFrame(columns).to_csv(folder / name, index=False)
    return study({}, "table", table=str(folder / name), **facts)
