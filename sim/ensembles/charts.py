"""Charts of one ensemble and of one trajectory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from feint.agents.outcome import LABELS, Outcome
from feint.sim.ensembles.ensemble import Ensemble
from feint.sim.results.figure_style import PAGE_WIDTH, STYLE, face
from feint.sim.training.replay import Trajectory

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMN_WIDTH = PAGE_WIDTH / 2

LINES = {
    "performance": "performance  c (1 − E(g))",
    "capability": "capability  c",
    "following": "following its objective  (1 − β) π",
    "awareness": "awareness  a",
    "horizon": "horizon  h",
    "gate": "gate  γ",
    "instrumental": "instrumental gate  ψ",
    "deployed_error": "error when deployed  E′(t)",
}
"""What a trajectory's chart shows."""


def ensemble_figure(ensemble: Ensemble) -> Figure:
    """Share of runs by outcome after each stage, with intervals."""
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        stages = ensemble.curriculum.names
        figure = Figure(figsize=(max(PAGE_WIDTH, 2.3 * len(stages)), 2.6), layout="constrained")
        panels = figure.subplots(1, len(stages), sharex=True, sharey=True, squeeze=False)[0]
        for i, (panel, stage) in enumerate(zip(panels, stages, strict=True)):
            for outcome in Outcome:
                share = ensemble.frequency(outcome, i)
                panel.barh(outcome.label, share.estimate, **face(outcome))
                reach = [[share.estimate - share.low], [share.high - share.estimate]]
                panel.errorbar(share.estimate, outcome.label, xerr=reach, fmt="none", ecolor="black", capsize=2)
            panel.set(title=f"after\n{stage}", xlim=(0, 1), xlabel=f"share of {ensemble.runs:,} runs")
        panels[0].set_yticks(range(len(LABELS)), LABELS)
        panels[0].invert_yaxis()
        sns.despine(fig=figure)
    return figure


def trajectory_figure(trajectory: Trajectory) -> Figure:
    """What is read out of one run along its stages."""
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        width = max(PAGE_WIDTH, 2.6 * len(trajectory.curriculum))
        figure = Figure(figsize=(width, 3.0), layout="constrained")
        panels = figure.subplots(1, len(trajectory.curriculum), sharey=True, squeeze=False)[0]
        table = trajectory.frame().melt(["stage", "step", "outcome"], list(LINES), var_name="reading")
        table = table.replace({"reading": LINES})
        for panel, stage in zip(panels, trajectory.curriculum, strict=True):
            rows: Any = table.query("stage == @stage.name")
            look: Any = {"hue": "reading", "style": "reading", "palette": "colorblind"}
            sns.lineplot(rows, x="step", y="value", ax=panel, legend=panel is panels[-1], errorbar=None, **look)
            ended = rows["outcome"].iloc[-1]
            panel.set(title=f"{stage.name}:\nends {ended}", xlabel="SGD step", ylabel="", ylim=(-0.02, 1.05))
        sns.move_legend(panels[-1], "center left", bbox_to_anchor=(1.02, 0.5), title=None, frameon=False)
        sns.despine(fig=figure)
    return figure
