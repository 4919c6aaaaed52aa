"""Figures of how runs end and how they get there: headline, transitions, cases, race, phases and sensitivity."""

from itertools import pairwise, product
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from feint.agents.errors import check_whole, load_extra
from feint.agents.outcome import LABELS, Outcome
from feint.scenarios.argument.evaluate_claim import evaluate
from feint.scenarios.claims.pretraining import pretraining_vs_scratch
from feint.scenarios.gallery.picture import Size, interval_of, limits, rows_of
from feint.sim.analysis.estimands import DECEPTIVE
from feint.sim.analysis.phase_diagrams import phase_diagram
from feint.sim.analysis.prior_shares import factors_at
from feint.sim.analysis.response_surface import DIFFERENCE, Layer, Response, counted, points_of
from feint.sim.analysis.sensitivity import bars, sensitivity
from feint.sim.ensembles.companions import COMPANIONS
from feint.sim.ensembles.comparison import CompareRequest
from feint.sim.ensembles.comparison_figure import draw_beside, draw_ribbons, draw_shares
from feint.sim.ensembles.paired_runs import RunOutcomes, read_checkpoints, run_paired
from feint.sim.ensembles.protocols import (
    ARM_NAMES,
    FROM_SCRATCH,
    PRETRAIN_FINETUNE,
    TrainingProtocol,
    pretrained,
    scratch,
)
from feint.sim.ensembles.runner import in_order
from feint.sim.results.figure_style import COLOURS, COLUMN_WIDTH, HATCHES, PAGE_WIDTH, blank, legend_entries
from feint.sim.results.figure_style import panels as grid
from feint.sim.statistics.intervals import frequency_interval, share_of_selected
from feint.sim.sweeps.study import Study
from feint.sim.training.parameter_point import Point

STAGES = ("pretraining", "finetuning")
EDGES = (-0.78, 1.72)  # of the axes, between which labels have room in a column
STARTS = {"internal": "internally aligned start", "corrigible": "corrigible start", "deceptive": "deceptive start"}
TRAINED = {"both": "both stages", "finetuning": "fine-tuning alone"}
MADE_BY = {"both": pretrained, "finetuning": scratch}
STACKED = (
    Outcome.DECEPTIVE,
    Outcome.REWARD_SEEKING,
    Outcome.PROXY,
    Outcome.CORRIGIBLE,
    Outcome.INTERNAL,
    Outcome.UNCONVERGED,
)
NEAREST = 0.95  # the end of similarity's prior
READINGS = {  # label, colour, line style
    "belief": ("belief  ρ", "#009e73", "-."),
    "following": ("pointer  (1 − β) π", COLOURS[Outcome.CORRIGIBLE], "--"),
    "instrumental": ("gate  ψ", COLOURS[Outcome.DECEPTIVE], "-"),
}
QUANTILES = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}
TRAINING = "training"  # the row with the share of the runs that have not stopped
DECADES = (0, 1, 10, 100, 1000, 10_000, 100_000)
X, Y = "similarity", "plasticity_gate"
ARMS = (FROM_SCRATCH, PRETRAIN_FINETUNE)
MOST = 34  # characters in a line of a label
TITLE = f"deception, {ARM_NAMES[PRETRAIN_FINETUNE]} minus {ARM_NAMES[FROM_SCRATCH]}"


def compute_headline(point: Point, size: Size, *, threads: int | None, **keys: Any) -> pd.DataFrame:
    """Return one row per arm and outcome, one for the difference, and one for each part shown beside the headline."""
    comparison = CompareRequest(point=point, runs=size["runs"], **keys).compared(threads)
    among = {f"converged_{name}": end for name, end in limits(comparison.difference(converged=True)).items()}
    whole = {"part": pretraining_vs_scratch.CLAIM.effect.name, **limits(comparison.difference()), **among}
    shown = evaluate([pretraining_vs_scratch.CLAIM], point, runs=size["runs"], threads=threads, **keys)
    intervals = shown[pretraining_vs_scratch.CLAIM.name].intervals
    beside = [{"part": part.name, **limits(intervals[part.name])} for part in COMPANIONS]
    last = pd.DataFrame([whole, *beside]).assign(arm=DIFFERENCE, outcome=DECEPTIVE)
    return pd.concat([comparison.shares().assign(part="-"), last], ignore_index=True).assign(runs=size["runs"])


def draw_headline(table: pd.DataFrame) -> Figure:
    """Draw bars with intervals, and right of them the difference with its companions."""
    differences = table[table["arm"] == DIFFERENCE]
    drawn = blank((PAGE_WIDTH, 3.1))
    left, right = grid(drawn, 1, 2, width_ratios=(1, 0.8))[0]
    runs, whole = int(table["runs"].iloc[0]), interval_of(rows_of(differences)[0])
    draw_shares(left, table[table["arm"] != DIFFERENCE], runs, whole)
    if legend := left.get_legend():
        legend.remove()
    words = {part.name: part.words for part in COMPANIONS}
    parts = {words.get(row["part"], "as it is (on the left)"): interval_of(row) for row in rows_of(differences)}
    draw_beside(right, parts, MOST)
    drawn.legend(*legend_entries(left), loc="outside lower center", ncols=3, frameon=False)
    sns.despine(fig=drawn)
    return drawn


def compute_transitions(point: Point, size: Size, *, threads: int | None, **keys: Any) -> pd.DataFrame:
    """Return one row per course through the outcomes of all stages: how many runs took it."""
    outcome = CompareRequest(point=point, runs=size["runs"], **keys).compared(threads).pretrained.outcome
    kinds, stages = len(LABELS), outcome.shape[1]
    counts = np.bincount(np.ravel_multi_index(tuple(outcome.T), (kinds,) * stages), minlength=kinds**stages)
    rows = [(*course, runs) for course, runs in zip(product(LABELS, repeat=stages), counts.tolist(), strict=True)]
    kept = [row for row in rows if row[-1] or stages == len(STAGES)]  # of more stages, courses that some run took
    return pd.DataFrame(kept, columns=[*point.curriculum.names, "runs"])


def draw_transitions(table: pd.DataFrame) -> Figure:
    """Draw ribbons from left to right, from each stage to the next."""
    *stages, _ = table.columns
    drawn = blank((COLUMN_WIDTH if len(stages) == len(STAGES) else PAGE_WIDTH, 2.8))
    axes, whole = drawn.subplots(), int(table["runs"].sum())
    pairs = [table.groupby([*pair])["runs"].sum().unstack(fill_value=0) for pair in pairwise(stages)]
    flows = [pair.reindex(index=LABELS, columns=LABELS, fill_value=0).to_numpy() / whole for pair in pairs]
    draw_ribbons(axes, flows, stages)
    if len(stages) == len(STAGES):
        axes.set_xlim(*EDGES)
    return drawn


def compute_cases(point: Point, size: Size, **keys: Any) -> pd.DataFrame:
    """Return one row per start, training, similarity and outcome."""
    runs, count = size["runs"], check_whole("levels", size["levels"], 2)
    levels = np.round(np.linspace(0, NEAREST, count), 4).tolist()
    cells = [(start, trained, level) for start in STARTS for trained in TRAINED for level in levels]
    protocols = {cell: MADE_BY[cell[1]](start=cell[0], similarity=cell[2]) for cell in cells}
    ended = run_paired(point, protocols.values(), range(runs), **keys)
    rows = []
    for cell, protocol in protocols.items():
        case = dict(zip(("start", "trained", "similarity"), cell, strict=True))
        for outcome in STACKED:
            is_it, converged = ended[protocol].outcome == outcome, ended[protocol].converged
            share = frequency_interval(int(is_it.sum()), runs)
            among = share_of_selected(int((is_it & converged).sum()), int(converged.sum()))
            cells = {"converged": int(converged.sum())} | {f"converged_{end}": at for end, at in limits(among).items()}
            rows.append({**case, "outcome": outcome.label, "runs": runs, **limits(share), **cells})
    return pd.DataFrame(rows)


def draw_cases(table: pd.DataFrame) -> Figure:
    """Draw one column per start and one row per training: stacked outcomes, and intervals of deception."""
    drawn = blank((PAGE_WIDTH, 3.9))
    panels = grid(drawn, len(TRAINED), len(STARTS), least=1, sharex=True, sharey=True)
    for i, trained in enumerate(TRAINED):
        for k, start in enumerate(STARTS):
            _draw_case(panels[i, k], table[(table["start"] == start) & (table["trained"] == trained)])
        panels[i, 0].set_ylabel(f"{TRAINED[trained]}:\nshare of runs")
    for k, start in enumerate(STARTS):
        panels[0, k].set_title(STARTS[start])
        panels[-1, k].set_xlabel("similarity of the objectives")
    patches = [Patch(**_face(outcome), label=outcome.label) for outcome in STACKED]
    drawn.legend(handles=patches, loc="outside lower center", ncols=len(patches), frameon=False)
    drawn.suptitle(f"{int(table['runs'].iloc[0]):,} runs per point; bars: 95 % intervals of deception", fontsize=8)
    sns.despine(fig=drawn)
    return drawn


def _draw_case(axes: Axes, rows: pd.DataFrame) -> None:
    shares = rows.pivot(index="outcome", columns="similarity", values="estimate")
    x, below = np.asarray(shares.columns, float), np.zeros(shares.shape[1])
    for outcome in STACKED:
        above = below + shares.loc[outcome.label].to_numpy()
        axes.fill_between(x, below, above, **_face(outcome))
        below = above
    seen = rows[rows["outcome"] == Outcome.DECEPTIVE.label]
    reach = np.abs(seen[["low", "high"]].to_numpy().T - seen["estimate"].to_numpy())
    axes.errorbar(
        seen["similarity"], seen["estimate"], yerr=reach, color="black", marker=".", markersize=3, capsize=1.5
    )
    axes.set(xlim=(-0.01, NEAREST + 0.01), ylim=(-0.01, 1.01), xticks=(0, 0.25, 0.5, 0.75), yticks=(0, 0.5, 1))


def _face(outcome: Outcome) -> dict[str, Any]:
    return {"facecolor": COLOURS[outcome], "hatch": HATCHES[outcome], "edgecolor": "#222222", "linewidth": 0.4}


def compute_race(point: Point, size: Size, *, seed: int, precision: str, threads: int | None) -> pd.DataFrame:
    """Return one row per arm, step and reading: quantiles over the runs."""
    runs, count = size["runs"], check_whole("steps", size["steps"], 2)
    most = point.curriculum[-1].steps
    at = np.unique(np.round(np.geomspace(1, most + 1, count)).astype(int) - 1).tolist()
    rows = []
    for arm in ARM_NAMES:
        spec = TrainingProtocol(arm).spec(point, seed=seed, precision=precision)
        checkpoints = read_checkpoints(spec, range(runs), at, threads=threads)
        for i, step in enumerate(at):
            place = {"arm": arm, "step": step, "runs": runs}
            for name in READINGS:
                values = np.nanquantile(getattr(checkpoints.readings, name)[i], list(QUANTILES.values()))
                rows.append({**place, "reading": name, **dict(zip(QUANTILES, values.tolist(), strict=True))})
            rows.append({**place, "reading": TRAINING, "median": float(checkpoints.running[i].mean())})
    return pd.DataFrame(rows)


def draw_race(table: pd.DataFrame) -> Figure:
    """Draw one panel per arm: medians and bands, and the share of the runs that are still in training."""
    drawn = blank((PAGE_WIDTH, 2.9))
    panels = grid(drawn, 1, len(ARM_NAMES), sharex=True, sharey=True)[0]
    for panel, (arm, words) in zip(panels, ARM_NAMES.items(), strict=True):
        _draw_course(panel, table[table["arm"] == arm])
        panel.set(title=words, xlabel="SGD step of fine-tuning", xscale="log", ylim=(-0.02, 1.02))
    ticks = [tick for tick in DECADES if tick <= table["step"].max()]
    panels[0].set_xticks([tick + 1 for tick in ticks], [f"{tick:,}" for tick in ticks])
    panels[0].minorticks_off()
    panels[0].set_ylabel("median of the runs, with bands;\nshare still in training")
    drawn.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    sns.despine(fig=drawn)
    return drawn


def _draw_course(axes: Axes, rows: pd.DataFrame) -> None:
    for name, (words, colour, line) in READINGS.items():
        seen = rows[rows["reading"] == name]
        x = seen["step"] + 1
        axes.fill_between(x, seen["q05"], seen["q95"], color=colour, alpha=0.12, linewidth=0)
        axes.fill_between(x, seen["q25"], seen["q75"], color=colour, alpha=0.28, linewidth=0)
        axes.plot(x, seen["median"], line, color=colour, linewidth=1.6, label=words)
    still = rows[rows["reading"] == TRAINING]
    axes.plot(still["step"] + 1, still["median"], ":", color="black", linewidth=1.0, label="share still in training")
    for alpha, words in ((0.28, "half of the runs"), (0.12, "nine tenths")):
        axes.fill_between([], [], [], color="#444444", alpha=alpha, linewidth=0, label=words)


def compute_phases(point: Point, size: Size, **keys: Any) -> pd.DataFrame:
    """Return one row per grid point: runs of each arm that ended as each type, and as deceptive in one arm only."""
    count = check_whole("levels", size["levels"], 2)
    levels = np.linspace(0, 0.95, count), np.geomspace(0.2, 20, count)
    cells = list(product(*([float(f"{level:.6g}") for level in of_axis] for of_axis in levels)))
    protocols = {(cell, arm): TrainingProtocol(arm, ((X, cell[0]), (Y, cell[1]))) for cell in cells for arm in ARMS}
    ended = run_paired(point, protocols.values(), range(size["runs"]), **keys)
    rows = []
    for cell in cells:
        arms = {arm: ended[protocols[cell, arm]] for arm in ARMS}
        counts = {
            f"{arm}_{label}": int((runs.outcome == code).sum())
            for arm, runs in arms.items()
            for code, label in enumerate(LABELS)
        }
        counts |= {
            f"converged_{arm}_{label}": int((runs.outcome[runs.converged] == code).sum())
            for arm, runs in arms.items()
            for code, label in enumerate(LABELS)
            if code != Outcome.UNCONVERGED
        }
        gained, lost = _discordant(*arms.values())
        rows.append({X: cell[0], Y: cell[1], "runs": size["runs"], **counts, "gained": gained, "lost": lost})
    return pd.DataFrame(rows)


def _discordant(scratch: RunOutcomes, pretrained: RunOutcomes) -> tuple[int, int]:
    """Return the numbers of runs that end as deceptive only with pre-training, and only from scratch."""
    without, with_it = (ended.outcome == Outcome.DECEPTIVE for ended in (scratch, pretrained))
    return int((with_it & ~without).sum()), int((without & ~with_it).sum())


def draw_phases(table: pd.DataFrame) -> Figure:
    """Draw a map of each arm's most frequent outcome, and one of the difference with its sign."""
    levels = {name: sorted(set(table[name].tolist())) for name in (X, Y)}
    study = Study(vary=levels, runs=int(table["runs"].iloc[0]))
    phases = [Layer(responses=tuple(_counted(study, table, arm, label) for label in LABELS)) for arm in ARMS]
    layers = [*phases, Layer(responses=(_counted(study, table, DIFFERENCE),))]
    return phase_diagram(layers, (X, Y)).drawing()


def _counted(study: Study, table: pd.DataFrame, of: str, outcome: str = DECEPTIVE) -> Response:
    """Return the response that a sweep of the grid would give."""
    names = ("gained", "lost") if of == DIFFERENCE else (f"{of}_{outcome}",)
    gained, *lost = (table[name].to_numpy() for name in names)
    return counted(study, table[[X, Y]], gained, *lost, runs=table["runs"].to_numpy(), of=of, outcome=outcome)


def compute_sensitivity(point: Point, size: Size, *, seed: int, precision: str, threads: int | None) -> pd.DataFrame:
    """Return one row per measure and group."""
    load_extra("SALib", "the figure 'sensitivity'")
    study = Study(  # the whole prior; parameters of one argument vary together
        design="saltelli",
        by_group=True,
        vary={factor.name: "prior" for factor in factors_at(point)},
        samples=size["base_points"],
        runs=size["runs"],
        seed=seed,
        start=point.start,
        match=point.match,
        model=point.model,
        curriculum=point.curriculum,
    )
    result = sensitivity(_response(study, precision, threads), seed=seed)
    rows = [
        {"measure": measure, "group": name, **limits(index)}
        for measure, indices in result.measures.items()
        for name, index in indices.items()
    ]
    return pd.DataFrame(rows).assign(variance=result.variance, base_points=study.samples, runs=study.runs)


def _response(study: Study, precision: str, threads: int | None) -> Response:
    """Return the paired difference in deception at every point of the design."""
    points, arms = points_of(study), [TrainingProtocol(arm) for arm in ARMS]
    keys: dict[str, Any] = {"seed": study.seed, "precision": precision, "threads": 1}

    def at(row: dict[str, Any]) -> tuple[int, int]:
        ended = run_paired(study.point.at(row), arms, range(study.runs), **keys)
        return _discordant(*(ended[arm] for arm in arms))

    gained, lost = np.array([*in_order(at, rows_of(points), threads=threads)]).T
    return counted(study, points, gained, lost, runs=np.full(len(points), study.runs))


def draw_sensitivity(table: pd.DataFrame) -> Figure:
    """Draw bars with intervals, from the largest total index down."""
    measures = {
        str(measure): {row["group"]: interval_of(row) for row in rows_of(rows)}
        for measure, rows in table.groupby("measure", sort=False)
    }
    return bars(measures, TITLE)
