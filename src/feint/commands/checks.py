"""The commands that question the model itself: `feint counting`, `feint audit`."""

from __future__ import annotations

from typing import Annotated

import typer

from feint.commands.options import AsJson, CurriculumFile, Precision, Seed, Settings, Threads, point_of, real, whole
from feint.commands.output import bar, print_json

app = typer.Typer()


@app.command()
def counting(
    draws: Annotated[int, typer.Option(parser=whole, metavar="N", help="Minds to draw at random.")] = 1_000_000,
    trains: Annotated[int, typer.Option(parser=whole, metavar="N", help="Of those, how many to train.")] = 20_000,
    width: Annotated[float, typer.Option(parser=real, metavar="X", help="Standard deviation of their logits.")] = 3.0,
    curriculum: CurriculumFile = None,
    settings: Settings = None,
    seed: Seed = 0,
    threads: Threads = None,
    precision: Precision = "single",
    as_json: AsJson = False,
) -> None:
    """Count types among random minds that do well in training, by volume and by function, beside what SGD finds."""
    from feint.scenarios.argument import check_documents
    from feint.scenarios.argument import counting_argument as count

    point = point_of(curriculum, settings)
    with bar(draws, unit=" minds") as progress:
        found = count.count(
            point,
            draws=draws,
            trains=trains,
            width=width,
            seed=seed,
            precision=precision,
            threads=threads,
            progress=progress,
        )
    if as_json:
        print_json(check_documents.counting_document(found))
    else:
        print("\n".join(count.lines(found)))


@app.command()
def audit(
    points: Annotated[
        int, typer.Option(parser=whole, metavar="N", help="Draws of the prior at which each parameter is moved.")
    ] = 4,
    draws: Annotated[
        int, typer.Option(parser=whole, metavar="N", help="Draws of the prior over which outcomes are looked for.")
    ] = 128,
    curriculum: CurriculumFile = None,
    settings: Settings = None,
    runs: Annotated[int, typer.Option(parser=whole, metavar="N", help="Runs of each way of training.")] = 200,
    seed: Seed = 0,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Look for parameters that nothing reacts to, outcomes that cannot be reached, absurd inputs that hardly matter."""
    from feint.scenarios.argument import check_documents
    from feint.scenarios.argument import model_audit as auditing
    from feint.sim.analysis.priors import factors_at

    point = point_of(curriculum, settings)
    with bar(len(factors_at(point)) + draws, unit=" steps") as progress:
        found = auditing.audit(
            point, points=points, draws=draws, runs=runs, seed=seed, threads=threads, progress=progress
        )
    if as_json:
        print_json(check_documents.audit_document(found))
    else:
        print("\n".join(auditing.lines(found)))
