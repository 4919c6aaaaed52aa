"""README and every page of the manual: what their commands print and draw, and what their Python prints."""

import json
import re
import shlex
from dataclasses import replace
from typing import Any

import pytest
import typer
from pages import (
    FIGURES,
    NUMBER,
    PAGES,
    PYTHON,
    block,
    check_alike,
    check_numbers,
    check_same_drawing,
    numbers,
    prepared,
    printed,
    put,
    ran,
    shell_lines,
    without_clock,
    words,
)
from PIL import Image
from terminal import within_this_process

from feint.commands import cli
from feint.commands.build import LazyGroup
from feint.scenarios.argument import crux
from feint.scenarios.argument.crux import SWITCHED
from feint.scenarios.argument.evaluate_claim import evaluate
from feint.scenarios.argument.premises import without
from feint.scenarios.claims.registry import claims
from feint.sim.ensembles.comparison import compare
from feint.sim.training.parameter_point import Point

BLOCKS = [(name, command) for name, page in PAGES.items() for command, _ in printed(page)]
DRAWN = {
    "feint compare --seed 1": {"--figure": "headline.png"},
    "feint auditors --seed 1": {"--figure": "auditors.png"},
    "feint boundary --x pretraining.steps --y plasticity_capability --of deceptive --seed 1": {
        "--figure": "border_steps.png"
    },
    "feint boundary --x similarity --y identification --of deceptive --level 0.3 --scale similarity=log "
    "--within 'similarity=[0.1,0.9]' --seed 1": {"--figure": "border_identification.png"},
    "feint boundary --x grader --y finetuning.awareness_exposure --of reward-seeking --within 'grader=[-6,4]' "
    "--points 128 --seed 1": {"--figure": "border_grader.png"},
    "feint screen --seed 1": {"--figure": "screen.png"},
    "feint power --models 12 --seeds 4 --base 0.1 --effect 0.3 --seed 1": {"--figure": "power.png"},
    "feint why-run --run 133 --seed 1": {"--figure": "why_run.png"},
    "feint crux --seed 1": {"--figure": "crux_shares.png", "--lattice": "crux_lattice.png"},
    "feint worldviews --seed 1": {"--figure": "worldviews.png"},
    "feint scenario calibration --seed 1": {"--figure": "calibration.png"},
    "feint scenario conflict persistence --seed 1": {"--figure": "conflict_persistence.png"},
    "feint scenario conflict broad --seed 1": {"--figure": "conflict_broad.png"},
    "feint fit shipped": {"--figure": "fit_pairs.png", "--ranges": "fit_ranges.png", "--corner": "fit_corner.png"},
    "feint scenario transfer --seed 1": {"--figure": "transfer.png"},
    "feint scenario wrappers --seed 1": {"--figure": "finetuning_wrappers.png"},
    "feint scenario revival --seed 1": {"--figure": "finetuning_revival.png"},
    "feint scenario overseer": {"--figure": "overseer.png"},
    "feint scenario release --seed 1": {"--figure": "release.png"},
    "feint scenario two-exits": {"--figure": "two_exits.png"},
    "feint scenario rsa-2048": {"--figure": "rsa2048.png"},
}
"""Figures of the manual by the command whose output stands beside them, and by option."""
DRAWN_ALONE = {
    "analysis_map.png": ("analysis", "feint map reversed --x similarity --y plasticity_gate --figure"),
    "argument.png": ("crux", "feint graph --verdicts --seed 1"),
}
"""Figures of commands whose output does not stand on the page."""
NEARLY = {
    "README": {"rel": 0.02, "slack": 0.005},
    "analysis": {"rel": 0.05},
    "auditors": {"slack": 0.03},
    "borders": {"rel": 0.25, "slack": 0.2},
    "conflicts": {"rel": 0.05, "slack": 4},
    "crux": {"rel": 0.05, "slack": 0.01},
    "fit": {"slack": 2.0},
    "overseer": {"rel": 0.05},
    "rare": {"rel": 0.05, "slack": 0.11, "least": 0.1},
    "release": {"slack": 0.03},
    "screening": {"rel": 0.1, "slack": 0.03},
    "tutorial": {"rel": 0.05},
    "two_exits": {"rel": 0.01},
    "worldviews": {"rel": 0.05, "slack": 0.03},
}
"""How nearly numbers of a page agree, as `check_numbers` takes it."""
SEARCHED = "  Nearest flip:"
"""From here on a search found what is printed, which may go another way on another kind of processor."""
MOVED = {"worldviews": 6}
"""Words that may differ on another kind of processor, since an interval ends near a limit."""
ANY_ORDER = ("conflicts", "crux")
"""Pages on which two rows may come in the other order on another kind of processor."""
SAID = {"crux": "inference", "rare": "Clopper", "worldviews": "neither"}
"""A word that the Python of a page prints, if its output does not stand below it."""
NOT_RUN = {
    *((name, 0) for name in ("README", "cluster", "sweeps", "xu_race")),
    *((name, 1) for name in ("README", "cluster", "fit", "overseer")),
    ("cluster", 2),
}
"""Examples that have tests of their own, or take a cluster, hours or a posterior."""
PARTS = {
    "feint worldviews --seed 1": "--claim relearning --claim imperfect-pretraining",
}
"""Commands of more than about fifteen seconds, with options that run a part whose lines stand on the page."""
FEWER = {
    "feint crux --over examples/expert.csv --seed 1": "--runs 20",
    "feint scenario calibration --seed 1": "--runs 30",
    "feint scenario conflict broad --seed 1": "--premise crystallisation --draws 4 --runs 4",
    "feint scenario conflict persistence --seed 1": "--premise crystallisation --draws 4 --runs 4",
    "feint scenario release --seed 1": "--runs 2",
    "feint scenario revival --seed 1": "--runs 100",
    "feint scenario transfer --seed 1": "--runs 10",
    "feint scenario wrappers --seed 1": "--runs 50",
}
"""The same, with options that train fewer runs: the words of its lines stand on the page, with other numbers."""
WHOLE = {
    *PARTS,
    *FEWER,
    "feint crux --premises --runs 100 --seed 1",
    "feint argue --claim headline --quick --seed 1",
    "feint graph --verdicts --seed 1",
    "feint screen --seed 1",
    "feint fit shipped",
}
"""Commands that `nox -s whole` runs; the last five have tests below, in `test_graph.py` or `test_fit.py`."""
OF_EXTRA = {"feint fit shipped": "sbi"}
"""Commands that need a library of an extra, without which they are skipped."""
EXAMPLES = [
    (name, i)
    for name, page in PAGES.items()
    for i in range(len(PYTHON.findall(page.read_text())))
    if (name, i) not in NOT_RUN
]


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory):
    """Return a function that returns the folder in which the commands of a page run."""
    made = {}

    def folder(name):
        if name not in made:
            made[name] = prepared(PAGES[name], tmp_path_factory.mktemp(name))
        return made[name]

    return folder


@pytest.fixture
def feint(name, folder_of, monkeypatch, capsys):
    monkeypatch.chdir(folder_of(name))
    return within_this_process(monkeypatch, capsys)


@pytest.mark.parametrize("name", PAGES)
def test_all_commands_and_examples_of_a_page_are_read(name):
    text = PAGES[name].read_text()
    assert text.count(" -->\n```text\n") == len(printed(PAGES[name]))
    assert text.count("\n```python\n") == len(PYTHON.findall(text))


@pytest.mark.slow
@pytest.mark.generated
@pytest.mark.parametrize(
    ("name", "command"),
    [pytest.param(*block, marks=[pytest.mark.whole] * (block[1] in WHOLE)) for block in BLOCKS],
)
def test_a_page_shows_what_its_command_prints_and_draws(feint, name, command, tmp_path, rewrite):
    if command in OF_EXTRA:
        pytest.importorskip(OF_EXTRA[command], reason="the extra that this command needs is not installed")
    stands = dict(printed(PAGES[name]))[command]
    drawn = {option: (FIGURES if rewrite else tmp_path) / file for option, file in DRAWN.get(command, {}).items()}
    now = ran(feint, command, *(word for pair in drawn.items() for word in pair))
    if rewrite:
        put(PAGES[name], block(command, stands), block(command, now))
    else:
        check_output(name, stands, now)
        for path in drawn.values():
            check_same_drawing(path, FIGURES / path.name)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "command"), [block for block in BLOCKS if block[1] in PARTS])
def test_a_page_has_the_lines_of_a_part_of_its_command(feint, name, command):
    stands = {}
    for line in dict(printed(PAGES[name]))[command].splitlines():
        stands.setdefault(words(line), []).append(numbers(line))
    lines = [line for line in ran(feint, f"{command} {PARTS[command]}").splitlines() if numbers(line)]
    assert len(lines) > 10
    for line in lines:
        found = stands.get(words(line), [])
        rel, slack = NEARLY[name]["rel"], NEARLY[name]["slack"]
        assert any(numbers(line) == pytest.approx(other, rel=rel, abs=slack) for other in found), (line, found)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "command"), [block for block in BLOCKS if block[1] in FEWER])
def test_a_page_has_the_words_of_its_command_with_fewer_runs(feint, name, command, monkeypatch):
    """Four in five lines, since a type that no run ends as has no words."""
    monkeypatch.setattr(crux, "DRAWS", 32)  # each is one run at least
    stands, now = (
        [tuple(re.findall(r"[^\W\d_]{3,}", line)) for line in text.splitlines() if numbers(line)]
        for text in (dict(printed(PAGES[name]))[command], ran(feint, f"{command} {FEWER[command]}"))
    )
    assert len(now) > 10
    assert sum(line in stands for line in now) >= 0.8 * len(now), set(now) - set(stands)


@pytest.mark.slow
def test_the_effects_at_the_point_stand_on_the_page_of_the_argument():
    text = dict(printed(PAGES["tutorial"]))["feint argue --claim headline --quick --seed 1"]
    parts = tuple(part for part in claims()["headline"].parts if part.name != "after-100000")
    found = evaluate([replace(claims()["headline"], parts=parts)], runs=1000, seed=1)["headline"].intervals
    stands = [numbers(line) for line in text.splitlines() if re.match(r"  [+-]0\.\d{3} \[", line)]
    del stands[4]  # after 100,000 steps
    for line, now in zip(stands, found.values(), strict=True):
        assert line[:3] == pytest.approx([now.estimate, now.low, now.high], abs=0.005)


@pytest.mark.slow
def test_the_ends_of_the_premises_stand_on_the_page_of_cruxes():
    text = dict(printed(PAGES["crux"]))["feint crux --premises --runs 100 --seed 1"]
    none, every = (float(end) for end in re.findall(r"\(([+-][\d.]+)\)", text)[:2])
    at: dict[str, Any] = {"runs": 100, "seed": 1}
    assert every == pytest.approx(compare(**at).difference().estimate, abs=0.02)
    off = without(Point(), SWITCHED)
    assert none == pytest.approx(
        compare(model=off.model, curriculum=off.curriculum, **at).difference().estimate, abs=0.02
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["screening"])
def test_the_premises_of_a_screening_stand_on_its_page(name, feint):
    """All of them, each in a row, and what to run next; fewer runs leave more of them undecided."""
    stands = dict(printed(PAGES[name]))["feint screen --seed 1"]
    now = ran(feint, "feint screen --seed 1 --trajectories 4 --runs 4")
    rows = [{line.split()[0] for line in text.splitlines() if "]  " in line} for text in (stands, now)]
    assert rows[0] == rows[1]
    assert len(rows[0]) == 44
    assert stands.count(" yes\n") == int(re.findall(r"(\d+) of 44 premises matter", stands)[0])
    assert "  feint boundary --x " in stands


def check_output(name, stands, now):
    """Assert that output is as it stands on a page."""
    stands, now = (text.split(SEARCHED)[0] for text in (stands, now))
    before, after = words(stands).split(), words(now).split()
    if name in ANY_ORDER:
        assert sorted(before) == sorted(after)
        check_numbers(sorted(numbers(stands)), sorted(numbers(now)), **NEARLY[name])
        return
    assert sum(a != b for a, b in zip(before, after, strict=True)) <= MOVED.get(name, 0)
    check_numbers(numbers(stands), numbers(now), **NEARLY.get(name, {}))


@pytest.mark.slow
@pytest.mark.generated
@pytest.mark.parametrize(
    ("name", "command", "file"),
    [
        pytest.param(*drawn, file, marks=[pytest.mark.whole] * (drawn[1] in WHOLE))
        for file, drawn in DRAWN_ALONE.items()
    ],
)
def test_a_figure_is_drawn_by_its_command(feint, file, command, tmp_path, rewrite):
    path = FIGURES / file if rewrite else tmp_path / file
    assert feint(*shlex.split(command)[1:], path).code == 0
    check_same_drawing(path, FIGURES / file)


@pytest.mark.parametrize("name", dict.fromkeys(name for name, command in BLOCKS if command in DRAWN))
def test_a_page_shows_the_figures_of_its_commands(name):
    text = PAGES[name].read_text()
    files = [file for command, _ in printed(PAGES[name]) for file in DRAWN.get(command, {}).values()]
    assert all(f"figures/{file}" in text for file in files)


@pytest.mark.parametrize("file", DRAWN["feint fit shipped"].values())
def test_the_figures_of_the_fit_were_made_by_its_command(file):
    with Image.open(FIGURES / file) as drawn:
        passport = json.loads(drawn.info["Description"])
    assert (passport["kind"], passport["configuration"]) == ("fit", {"file": "shipped"})


@pytest.mark.slow
@pytest.mark.generated
@pytest.mark.usefixtures("types_kept")
@pytest.mark.parametrize(("name", "number"), EXAMPLES)
def test_python_of_a_page_prints_what_stands_below_it(name, number, folder_of, monkeypatch, capsys, rewrite):
    code, stands = PYTHON.findall(PAGES[name].read_text())[number]
    monkeypatch.chdir(folder_of(name))
    exec(compile(code, f"{name}.md", "exec"), {})
    now = without_clock(capsys.readouterr().out)
    if not stands:
        assert NUMBER.search(now)
        assert SAID.get(name, "") in now
    elif rewrite:
        put(PAGES[name], f"{code}```\n\n```text\n{stands}```", f"{code}```\n\n```text\n{now}```")
    elif name in ("auditors", "fit"):
        check_alike(stands, now, slack=0.03)
    else:
        assert now == stands


@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if shell_lines(page)])
def test_every_command_line_of_a_page_can_be_parsed(name):
    for line in shell_lines(PAGES[name]):
        command: Any = typer.main.get_command(cli.app)
        rest = shlex.split(line)[1:]
        while isinstance(command, LazyGroup):
            assert rest, line
            first, *rest = rest
            if first == "--help":
                break
            command = command.get_command(None, first)
        else:
            if "--help" not in rest:
                command.make_context(command.name, rest)
