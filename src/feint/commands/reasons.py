"""The commands that ask why: `feint crux`, `feint why`, `feint graph`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from feint.commands.options import (
    DEFAULT_PRECISION,
    DEFAULT_RUNS,
    AsJson,
    Confidence,
    CurriculumFile,
    FigureFile,
    Matching,
    Precision,
    Seed,
    Settings,
    Start,
    Threads,
    point_of,
    whole,
)
from feint.commands.output import bar, figure_path, print_json, save

app = typer.Typer()

PREMISE_RUNS = 200  # paired runs of each set of premises, of which there are many


@app.command()
def crux(
    premises: Annotated[
        bool, typer.Option("--premises", help="Divide among premises that can be switched off, not groups carried.")
    ] = False,
    premise: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="With --premises: these premises alone, the others staying on; repeatable."),
    ] = None,
    curriculum: CurriculumFile = None,
    settings: Settings = None,
    runs: Annotated[
        int | None,
        typer.Option(
            parser=whole,
            metavar="N",
            help=f"Paired runs of each set; {DEFAULT_RUNS:,} of groups, {PREMISE_RUNS:,} of premises unless given.",
        ),
    ] = None,
    seed: Seed = 0,
    start: Start = "fresh",
    match: Matching = "target",
    outcome: Annotated[str, typer.Option(help="Which one: deceptive, internal, corrigible or proxy.")] = "deceptive",
    threads: Threads = None,
    precision: Precision = DEFAULT_PRECISION,
    confidence: Confidence = 0.95,
    as_json: AsJson = False,
    figure: FigureFile = None,
    lattice: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw every set of groups carried with what came of it.")
    ] = None,
) -> None:
    """Divide the difference between the ways of training among what pre-training hands over, or among premises."""
    from feint.agents.errors import InputError
    from feint.scenarios.argument import crux_documents, crux_figures, crux_texts
    from feint.scenarios.argument import subset_lattice as scenario

    if lattice and premises:
        raise InputError("--lattice and --premises exclude each other: a page has room for the sets of groups alone.")
    if premise and not premises:
        raise InputError("--premise asks for --premises: without it the difference is divided among groups carried.")
    shares_path, lattice_path = figure_path(figure), figure_path(lattice)
    point = point_of(curriculum, settings, start=start, match=match)
    asked = {"seed": seed, "outcome": outcome, "precision": precision, "confidence": confidence, "threads": threads}
    if premises:
        names = premise or scenario.SWITCHED
        with bar(2 ** len(set(names)), unit=" sets") as progress:
            count = PREMISE_RUNS if runs is None else runs
            found = scenario.premises_lattice(point, names, runs=count, progress=progress, **asked)
    else:
        found = scenario.lattice(point, runs=DEFAULT_RUNS if runs is None else runs, **asked)
    if shares_path:
        save(crux_figures.figure(found), shares_path, found.passport())
    if lattice_path:
        save(crux_figures.lattice_figure(found), lattice_path, found.passport())
    if as_json:
        print_json(crux_documents.crux_document(found))
    else:
        print(crux_texts.lattice_text(found))


@app.command()
def why(
    claim: Annotated[str, typer.Argument(metavar="CLAIM", help="Name of a claim, as headline.")],
    bibtex: Annotated[bool, typer.Option("--bibtex", help="Print the bibliography alone, for BibTeX.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what a claim rests on: how it is tried, mechanisms, premises with their parameters, and sources."""
    from feint.agents.errors import InputError
    from feint.scenarios.argument import crux_documents
    from feint.scenarios.argument import graph as argument
    from feint.scenarios.argument import graph_texts as argument_texts

    if bibtex and as_json:
        raise InputError("--bibtex and --json exclude each other: give one.")
    found = argument.chain(claim)
    if bibtex:
        print(found.bibtex())
    elif as_json:
        print_json(crux_documents.why_document(found))
    else:
        print(argument_texts.chain_text(found))


@app.command()
def graph(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Graph to write, .graphml or .json, or to draw, .svg, .png or .pdf.")
    ],
    verdicts: Annotated[
        bool, typer.Option("--verdicts", help="Try the claims first, and put on each what was found.")
    ] = False,
    curriculum: CurriculumFile = None,
    settings: Settings = None,
    runs: Annotated[
        int, typer.Option(parser=whole, metavar="N", help="With --verdicts: runs of each way of training.")
    ] = DEFAULT_RUNS,
    seed: Seed = 0,
    threads: Threads = None,
) -> None:
    """Write or draw the argument: parameters, premises, mechanisms, claims and sources."""
    from feint.agents.errors import InputError
    from feint.scenarios.argument import graph as argument

    file = argument.check_graph_path(file)
    if (curriculum or settings) and not verdicts:
        raise InputError("--set and --curriculum ask for --verdicts: the graph itself is the same at every point.")
    if verdicts:
        told = argument.tried_graph(point_of(curriculum, settings), runs=runs, seed=seed, threads=threads)
    else:
        told = argument.graph()
    if argument.is_drawn(file):
        from feint.scenarios.argument import graph_figure as argument_figure

        save(argument_figure.figure(told), file, argument.passport_of(told))
    else:
        argument.write(told, file)
