"""The command `feint graph`, whose result is a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from feint.commands.options import CurriculumFile, Seed, Settings, Threads, point_of, whole


def graph(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Graph to write, .graphml or .json, or to draw, .svg, .png or .pdf.")
    ],
    verdicts: Annotated[
        bool, typer.Option("--verdicts", help="Evaluate the claims first, and put the verdict on each.")
    ] = False,
    curriculum: CurriculumFile = None,
    settings: Settings = None,
    runs: Annotated[
        int, typer.Option(parser=whole, metavar="N", help="With --verdicts: runs of each training protocol.")
    ] = 2000,
    seed: Seed = 0,
    threads: Threads = None,
) -> None:
    """Write or draw the argument: parameters, premises, mechanisms, claims and sources."""
    from feint.scenarios.argument.graph import GraphRequest, check_graph_path

    file = check_graph_path(file)
    request = GraphRequest(verdicts=verdicts, point=point_of(curriculum, settings), runs=runs, seed=seed)
    request.run(threads=threads).write(file)
