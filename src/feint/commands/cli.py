"""The command line: `feint compare`, `simulate`, `rare`, `replay`, `parameters`, `scenario`, `schema`, and `main`."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from feint.commands import analyses, argument, auditors, checks, explore, gallery, reasons, scenario, sweeps, views
from feint.commands.options import (
    DEFAULT_PRECISION,
    DEFAULT_RARE_RUNS,
    DEFAULT_RUNS,
    AsJson,
    Confidence,
    CurriculumFile,
    FigureFile,
    Matching,
    Precision,
    Runs,
    Seed,
    Settings,
    Start,
    Threads,
    configured,
    real,
    whole,
)
from feint.commands.output import bar, figure_path, print_json, save, show_warning

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


STOPPED = 130  # exit code after Ctrl-C


def _say_version(asked: bool) -> None:
    if asked:
        from feint.agents.version import VERSION

        print(VERSION)
        raise typer.Exit


@app.callback()
def top(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_say_version, help="Say which.")
    ] = False,
) -> None:
    """A fast, honest simulator of how training can produce deceptive alignment."""


@app.command()
def compare(
    curriculum: CurriculumFile = None,
    settings: Settings = None,
    runs: Runs = DEFAULT_RUNS,
    seed: Seed = 0,
    start: Start = "fresh",
    match: Matching = "target",
    threads: Threads = None,
    precision: Precision = DEFAULT_PRECISION,
    worth: Annotated[
        int | None,
        typer.Option(
            parser=whole,
            metavar="N",
            help="With --match data: the steps of the last stage that those before are worth, D_T; by the transfer law "
            "unless given.",
        ),
    ] = None,
    half_width: Annotated[
        float, typer.Option(parser=real, metavar="X", help="Say how many more runs this half-width needs.")
    ] = 0.01,
    as_json: AsJson = False,
    figure: FigureFile = None,
) -> None:
    """Train from scratch and by pre-training + fine-tuning, and compare how often each ends in deception."""
    from feint.sim.ensembles import comparison, documents, tables
    from feint.sim.statistics import intervals as statistics

    model, stages = configured(curriculum, settings)
    path = figure_path(figure)
    statistics.check_half_width(half_width)
    with bar(runs * (len(stages) + 1), unit=" runs") as progress:
        result = comparison.compare(
            stages,
            model=model,
            runs=runs,
            seed=seed,
            start=start,
            match=match,
            threads=threads,
            precision=precision,
            worth=worth,
            progress=progress,
        )
    if path:
        from feint.scenarios.claims import pretraining_vs_scratch as headline

        save(headline.figure(result), path, result.passport())
    if as_json:
        print_json(documents.compare_document(result, half_width))
    else:
        tables.print_comparison(result, half_width)


@app.command()
def simulate(
    curriculum: CurriculumFile = None,
    settings: Settings = None,
    runs: Runs = DEFAULT_RUNS,
    seed: Seed = 0,
    start: Start = "fresh",
    match: Matching = "target",
    threads: Threads = None,
    precision: Precision = DEFAULT_PRECISION,
    in_short: Annotated[
        bool, typer.Option("--summary", help="Keep counts and moments alone: any number of runs in constant memory.")
    ] = False,
    as_json: AsJson = False,
    figure: FigureFile = None,
) -> None:
    """Train one ensemble, through pre-training + fine-tuning unless a curriculum is given."""
    from feint.agents.errors import InputError
    from feint.sim.ensembles import documents, ensemble, tables
    from feint.sim.ensembles import streaming_summary as summary

    if in_short and figure:
        raise InputError("--summary and --figure exclude each other: the figure is drawn from single runs.")
    model, stages = configured(curriculum, settings)
    if in_short:
        with bar(runs, unit=" runs") as progress:
            summed = summary.summarize(
                stages,
                model=model,
                runs=runs,
                seed=seed,
                start=start,
                match=match,
                threads=threads,
                precision=precision,
                progress=progress,
            )
        if as_json:
            print_json(documents.summary_document(summed))
        else:
            tables.print_summary(summed)
        return
    path = figure_path(figure)
    with bar(runs * len(stages), unit=" runs") as progress:
        result = ensemble.simulate(
            stages,
            model=model,
            runs=runs,
            seed=seed,
            start=start,
            match=match,
            threads=threads,
            precision=precision,
            progress=progress,
        )
    if path:
        from feint.sim.ensembles import charts

        save(charts.ensemble_figure(result), path, result.passport())
    if as_json:
        print_json(documents.simulate_document(result))
    else:
        tables.print_ensemble(result)


@app.command()
def rare(
    outcome: Annotated[str, typer.Option(help="What to look for, as deceptive.")] = "deceptive",
    tilt: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=X", help="Move the start's draw of a scalar by X standard deviations; repeatable."),
    ] = None,
    arm: Annotated[str, typer.Option(help="from_scratch or pretrain_finetune.")] = "from_scratch",
    curriculum: CurriculumFile = None,
    settings: Settings = None,
    runs: Annotated[int, typer.Option(parser=whole, metavar="N", help="Mesa-optimizers to train.")] = DEFAULT_RARE_RUNS,
    seed: Seed = 0,
    start: Start = "fresh",
    match: Matching = "target",
    threads: Threads = None,
    precision: Precision = DEFAULT_PRECISION,
    confidence: Confidence = 0.95,
    as_json: AsJson = False,
) -> None:
    """How often training ends in a rare outcome, from starts that are tilted towards it."""
    from feint.sim.ensembles import documents
    from feint.sim.ensembles import importance_sampling as rarity
    from feint.sim.ensembles.protocols import arm_of
    from feint.sim.ensembles.tilt import parse_tilt

    model, stages = configured(curriculum, settings)
    if len(stages) == 1:
        alone, mode, objectives = stages, match, None
    else:
        alone, mode, objectives = arm_of(stages, arm, match, model)
    with bar(runs, unit=" runs") as progress:
        result = rarity.rare(
            alone,
            outcome,
            tilt=parse_tilt(tilt or []),
            model=model,
            runs=runs,
            seed=seed,
            start=start,
            match=mode,
            threads=threads,
            objectives=objectives,
            precision=precision,
            confidence=confidence,
            progress=progress,
        )
    if as_json:
        print_json(documents.RareDocument.model_validate(rarity.document(result)))
    else:
        print(rarity.told(result))


@app.command()
def replay(
    run: Annotated[int, typer.Option(parser=whole, metavar="N", help="Number of the run in its ensemble.")],
    curriculum: CurriculumFile = None,
    settings: Settings = None,
    seed: Seed = 0,
    start: Start = "fresh",
    match: Matching = "target",
    precision: Precision = DEFAULT_PRECISION,
    every: Annotated[
        int, typer.Option(parser=whole, metavar="N", help="Record every so many steps, and each stage's end.")
    ] = 1,
    as_json: AsJson = False,
    figure: FigureFile = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="Write the trajectory as a table.")] = None,
) -> None:
    """Train one run of an ensemble again, step by step, equal to the bit."""
    from feint.agents.errors import check_output
    from feint.sim.ensembles import documents, tables
    from feint.sim.training import replay as replaying

    model, stages = configured(curriculum, settings)
    path = figure_path(figure)
    table = check_output("csv", csv) if csv else None
    with bar(sum(stage.steps for stage in stages), unit=" steps") as progress:
        result = replaying.replay(
            stages,
            run=run,
            model=model,
            seed=seed,
            start=start,
            match=match,
            precision=precision,
            every=every,
            progress=progress,
        )
    if table:
        tables.write_csv(result.frame(), table)
    if path:
        from feint.sim.ensembles import charts

        save(charts.trajectory_figure(result), path, result.passport())
    if as_json:
        print_json(documents.replay_document(result))
    else:
        tables.print_trajectory(result)


@app.command()
def parameters(
    as_json: AsJson = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table of the manual.")] = False,
) -> None:
    """List every parameter: default, valid values, prior, off value, meaning, unit, argument and source."""
    from feint.agents.errors import InputError
    from feint.sim.ensembles import documents, tables

    if as_json and markdown:
        raise InputError("--json and --markdown exclude each other: give one.")
    if as_json:
        print_json(documents.parameters_document())
    elif markdown:
        print(tables.parameters_markdown())
    else:
        tables.print_parameters()


@app.command()
def schema(
    document: Annotated[
        str,
        typer.Argument(
            help="compare, simulate, summary, rare, replay, parameters, scenario, sensitivity, regions, share, map, "
            "crux, why, worldviews, transfer, calibration or regenerate."
        ),
    ],
) -> None:
    """Print the JSON schema of a command's document."""
    from feint.scenarios.schemas import schema_text

    print(schema_text(document))


app.add_typer(scenario.app)
app.add_typer(sweeps.app)
app.add_typer(analyses.app)
app.add_typer(argument.app)
app.add_typer(auditors.app)
app.add_typer(checks.app)
app.add_typer(explore.app)
app.add_typer(gallery.app)
app.add_typer(reasons.app)
app.add_typer(views.app)


def main() -> None:
    """Run the command line; bad input is one sentence and exit code 2."""
    from feint.agents.errors import InputError

    warnings.showwarning = show_warning
    warnings.simplefilter("always", RuntimeWarning)  # each arm says how many of its runs diverged
    try:
        code = app(standalone_mode=False) or 0
        if code == STOPPED:  # which the library of the command line makes of Ctrl-C
            raise KeyboardInterrupt
        sys.exit(code)
    except KeyboardInterrupt:
        print("feint: stopped; of a sweep, what is finished is kept: go on by --resume.", file=sys.stderr)
        sys.exit(STOPPED)
    except (InputError, MemoryError) as error:
        _give_up(str(error) or "there is not enough memory for this: ask for fewer runs.")
    except OSError as error:
        _give_up(f"what was found cannot be printed: {error.strerror}.")
    except Exception as error:
        if not hasattr(error, "format_message"):  # what the parser of the command line says of a wrong option
            raise
        _give_up(error.format_message())  # pyright: ignore[reportAttributeAccessIssue] - looked for just now


def _give_up(sentence: str) -> NoReturn:
    if sentence:  # without a command, the help is all there is to say
        print(f"feint: {sentence}", file=sys.stderr)
    sys.exit(2)
