"""The command line: `feint compare`, `simulate`, `replay`, `parameters`, `scenario`, `schema`."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

    from feint.agents.model import Model
    from feint.sim.curriculum import Curriculum

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _whole(text: str) -> int:
    """A whole number, as options take it."""
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a whole number.") from None


def _real(text: str) -> float:
    """A number, as options take it."""
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a number.") from None


CurriculumFile = Annotated[
    Path | None,
    typer.Option("--curriculum", metavar="FILE.toml", help="Model and stages to use in place of the defaults."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Set a model parameter (similarity=0.9) or a stage's (finetuning.honeypots=0.1); repeatable. "
        "`feint parameters` lists them.",
    ),
]
Runs = Annotated[int, typer.Option(parser=_whole, metavar="N", help="Mesa-optimizers to train, in each arm.")]
Seed = Annotated[int, typer.Option(parser=_whole, metavar="N", help="Key of all random streams.")]
Threads = Annotated[
    int | None,
    typer.Option(parser=_whole, metavar="N", help="Threads; one a core unless given. Results do not depend on it."),
]
Start = Annotated[str, typer.Option(help="How runs start: fresh, internal, corrigible or deceptive.")]
Matching = Annotated[
    str, typer.Option("--match", help="What is held equal at the end: target, capability, steps or total-steps.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
FigureFile = Annotated[
    Path | None, typer.Option("--figure", metavar="FILE", help="Draw the result; FILE ends in .svg, .png or .pdf.")
]
Precision = Annotated[str, typer.Option(help="Of the arithmetic: single or double.")]
DEFAULT_RUNS, DEFAULT_RARE_RUNS, DEFAULT_PRECISION = 2000, 100_000, "single"


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
    half_width: Annotated[
        float, typer.Option(parser=_real, metavar="X", help="Say how many more runs this half-width needs.")
    ] = 0.01,
    as_json: AsJson = False,
    figure: FigureFile = None,
) -> None:
    """Train from scratch and by pre-training + fine-tuning, and compare how often each ends in deception."""
    from feint.sim import comparison, documents, statistics, tables

    model, stages = _configured(curriculum, settings)
    path = _figure_path(figure)
    statistics.check_half_width(half_width)
    with _progress(runs * (len(stages) + 1), unit=" runs") as progress:
        result = comparison.compare(
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
        from feint.scenarios import headline

        _save(headline.figure(result), path, result.passport())
    if as_json:
        _print_json(documents.compare_document(result, half_width))
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
    from feint.sim import documents, ensemble, summary, tables

    if in_short and figure:
        raise InputError("--summary and --figure exclude each other: the figure is drawn from single runs.")
    model, stages = _configured(curriculum, settings)
    if in_short:
        with _progress(runs, unit=" runs") as progress:
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
            _print_json(documents.summary_document(summed))
        else:
            tables.print_summary(summed)
        return
    path = _figure_path(figure)
    with _progress(runs * len(stages), unit=" runs") as progress:
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
        from feint.sim import charts

        _save(charts.ensemble_figure(result), path, result.passport())
    if as_json:
        _print_json(documents.simulate_document(result))
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
    runs: Runs = DEFAULT_RARE_RUNS,
    seed: Seed = 0,
    start: Start = "fresh",
    match: Matching = "target",
    threads: Threads = None,
    precision: Precision = DEFAULT_PRECISION,
    as_json: AsJson = False,
) -> None:
    """How often training ends in a rare outcome, from starts that are tilted towards it."""
    from feint.sim import documents
    from feint.sim import rare as rarity
    from feint.sim.tilt import parse_tilt

    model, stages = _configured(curriculum, settings)
    alone, mode, objectives = rarity.arm_of(stages, arm, match, model)
    with _progress(runs, unit=" runs") as progress:
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
            progress=progress,
        )
    if as_json:
        _print_json(documents.RareDocument.model_validate(rarity.document(result)))
    else:
        print(rarity.told(result))


@app.command()
def sweep(
    study: Annotated[Path, typer.Argument(metavar="STUDY.toml", help="What varies and how, in which arms.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the result; a new one, but with --resume.")],
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a sweep that was stopped.")] = False,
    threads: Threads = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Of a Dask cluster's scheduler, which shall train.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(parser=_whole, metavar="N", help="Start a Dask cluster of so many workers here.")
    ] = None,
) -> None:
    """Carry out a study, on all cores; stop it at any moment, and go on with --resume."""
    from feint.sim import tables
    from feint.sim.study import Study
    from feint.sim.sweep import sweep as carry_out

    asked = Study.load(study)
    with _sweep_progress() as progress:
        found = carry_out(
            asked,
            out,
            resume=resume,
            threads=threads,
            scheduler=scheduler,
            workers=workers,
            progress=progress,
            warn=_show_warning,
        )
    tables.print_sweep(found)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a sweep.")],
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Table to write: .csv, .parquet or .nc.")],
) -> None:
    """Write a sweep's finished table: one row a point, arm and stage."""
    from feint.agents.errors import check_output
    from feint.sim.finished import Sweep

    path = check_output("file", path)
    Sweep.open(folder).export(path)


@app.command()
def replay(
    run: Annotated[int, typer.Option(parser=_whole, metavar="N", help="Number of the run in its ensemble.")],
    curriculum: CurriculumFile = None,
    settings: Settings = None,
    seed: Seed = 0,
    start: Start = "fresh",
    match: Matching = "target",
    precision: Precision = DEFAULT_PRECISION,
    every: Annotated[
        int, typer.Option(parser=_whole, metavar="N", help="Record every so many steps, and each stage's end.")
    ] = 1,
    as_json: AsJson = False,
    figure: FigureFile = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="Write the trajectory as a table.")] = None,
) -> None:
    """Train one run of an ensemble again, step by step, equal to the bit."""
    from feint.agents.errors import check_output
    from feint.sim import documents, tables
    from feint.sim import replay as replaying

    model, stages = _configured(curriculum, settings)
    path = _figure_path(figure)
    table = check_output("csv", csv) if csv else None
    with _progress(sum(stage.steps for stage in stages), unit=" steps") as progress:
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
        from feint.sim import charts

        _save(charts.trajectory_figure(result), path, result.passport())
    if as_json:
        _print_json(documents.replay_document(result))
    else:
        tables.print_trajectory(result)


@app.command()
def parameters(
    as_json: AsJson = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table of the manual.")] = False,
) -> None:
    """List every parameter: default, valid values, prior, off value, meaning, unit, argument and source."""
    from feint.agents.errors import InputError
    from feint.sim import documents, tables

    if as_json and markdown:
        raise InputError("--json and --markdown exclude each other: give one.")
    if as_json:
        _print_json(documents.parameters_document())
    elif markdown:
        print(tables.parameters_markdown())
    else:
        tables.print_parameters()


@app.command()
def scenario(
    name: Annotated[str, typer.Argument(help="xu-race: the published toy of Xu (2020).")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Set a number of the scenario; repeatable.")
    ] = None,
    as_json: AsJson = False,
    figure: FigureFile = None,
) -> None:
    """Run one thought experiment."""
    from feint.agents.errors import unknown
    from feint.scenarios import xu_race
    from feint.sim import documents
    from feint.sim.configuration import parse_setting

    if name != "xu-race":
        raise unknown("scenario", name, ["xu-race"])
    path = _figure_path(figure)
    race = xu_race.race_of(dict(map(parse_setting, settings or [])))
    if path:
        _save(xu_race.figure(race, carried=race.carried or xu_race.CARRIED), path, xu_race.passed(race))
    if as_json:
        told = {**xu_race.document(race), "passport": xu_race.passed(race)}
        _print_json(documents.ScenarioDocument.model_validate(told))
    else:
        print(xu_race.summary(race))


@app.command()
def schema(
    document: Annotated[str, typer.Argument(help="compare, simulate, summary, rare, replay, parameters or scenario.")],
) -> None:
    """Print the JSON schema of a command's document."""
    from feint.sim.documents import schema_text

    print(schema_text(document))


def main() -> None:
    """Run the command line; bad input is one sentence and exit code 2."""
    from feint.agents.errors import InputError

    warnings.showwarning = _show_warning
    warnings.simplefilter("always", RuntimeWarning)  # each arm says how many of its runs diverged
    try:
        sys.exit(app(standalone_mode=False) or 0)
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


def _configured(file: Path | None, settings: list[str] | None) -> tuple[Model, Curriculum]:
    """The model and the stages that file and settings describe."""
    from feint.agents.model import Model
    from feint.sim.configuration import Configuration, load
    from feint.sim.curriculum import pretrain_finetune

    configured = load(file) if file else Configuration(model=Model())
    return configured.with_settings(settings or [], fallback=pretrain_finetune())


def _figure_path(path: Path | None) -> Path | None:
    from feint.sim.figures import check_figure_path

    return check_figure_path(path) if path else None


def _save(figure: Figure, path: Path, passport: dict[str, Any]) -> None:
    from feint.sim.figures import save

    save(figure, path, passport)


def _print_json(document: Any) -> None:
    print(document.model_dump_json(by_alias=True))


@contextmanager
def _progress(total: int, unit: str) -> Iterator[Callable[[int], object]]:
    """A bar on standard error after a second, on a terminal alone."""
    from tqdm import tqdm

    with tqdm(total=total, unit=unit, unit_scale=True, delay=1, leave=False, disable=None) as bar:
        yield bar.update


@contextmanager
def _sweep_progress() -> Iterator[Callable[[int, int, int], object]]:
    """A bar whose time to go is by the mean pace of what this process has done, on a terminal alone."""
    from tqdm import tqdm

    with tqdm(total=0, unit=" runs", unit_scale=True, delay=1, leave=False, disable=None, smoothing=0) as bar:

        def progress(fresh: int, before: int, total: int) -> None:
            bar.total = total
            if not fresh and bar.n == 0:
                bar.initial = bar.n = before
            bar.update(fresh)

        yield progress


def _show_warning(message: Warning | str, *_: object) -> None:
    print(f"feint: warning: {message}", file=sys.stderr)
