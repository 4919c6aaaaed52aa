"""`feint auditors`: simulated detectors of runs that play along, on runs whose truth is known."""

from __future__ import annotations

from typing import Annotated

import typer

from feint.commands.options import AsJson, CurriculumFile, FigureFile, Seed, Settings, real, whole

app = typer.Typer()


@app.command()
def auditors(
    auditor: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="behaviour, honeypots, probe, ablation or reverse; repeatable, all unless given."
        ),
    ] = None,
    dial: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME.PARAMETER=X", help="Set an auditor's parameter (honeypots.realism=1); repeatable."),
    ] = None,
    false_alarms: Annotated[
        float, typer.Option(parser=real, metavar="X", help="Share of aligned runs that may be suspected.")
    ] = 0.01,
    curriculum: CurriculumFile = None,
    settings: Settings = None,
    runs: Annotated[int, typer.Option(parser=whole, metavar="N", help="Runs of each arm.")] = 1000,
    seed: Seed = 0,
    as_json: AsJson = False,
    figure: FigureFile = None,
) -> None:
    """Tell deceptive runs from aligned ones by five kinds of audit: ROC curves, costs, and what awareness changes."""
    from feint.commands.build import answer
    from feint.scenarios.oversight.auditor_evaluation import AuditorsRequest

    given = {"auditors": auditor, "dials": dial, "false_alarms": false_alarms, "runs": runs, "seed": seed}
    own = {"curriculum": curriculum, "settings": settings, "as_json": as_json, "figure": figure}
    answer(AuditorsRequest, given | own)
