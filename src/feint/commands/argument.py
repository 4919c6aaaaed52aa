"""The command that puts claims to the test: `feint argue`."""

from __future__ import annotations

from typing import Annotated

import typer

from feint.commands.options import AsJson, CurriculumFile, Precision, Seed, Settings, Threads, point_of, whole
from feint.commands.output import bar, print_json

app = typer.Typer()


@app.command()
def argue(
    claim: Annotated[
        list[str] | None, typer.Option("--claim", metavar="NAME", help="One claim alone; repeatable.")
    ] = None,
    family: Annotated[
        str, typer.Option(metavar="NAME", help="Which claims: pretraining, fine-tuning or release.")
    ] = "pretraining",
    quick: Annotated[
        bool, typer.Option("--quick", help="About two minutes: fewer runs and draws, no functional form swapped.")
    ] = False,
    curriculum: CurriculumFile = None,
    settings: Settings = None,
    runs: Annotated[
        int | None, typer.Option(parser=whole, metavar="N", help="Runs of each way of training at the point.")
    ] = None,
    seed: Seed = 0,
    threads: Threads = None,
    precision: Precision = "single",
    as_json: AsJson = False,
) -> None:
    """Put the claims of the argument to the test, one by one, and say of each what was found."""
    from feint.scenarios.argument import argue as court
    from feint.scenarios.argument import argue_documents, argue_texts

    point = point_of(curriculum, settings)
    size = court.QUICK if quick else court.FULL
    with bar(court.steps_of(claim, size, family), unit=" steps") as progress:
        found = court.argue(
            claim,
            family=family,
            point=point,
            size=size,
            runs=runs,
            seed=seed,
            precision=precision,
            threads=threads,
            progress=progress,
        )
    if as_json:
        print_json(argue_documents.argue_document(found))
    else:
        print(argue_texts.argument_text(found))
