"""README and manual say what the code does."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from pages import FIGURES, block, check_alike, check_same_drawing, printed, put

from feint.commands import cli
from feint.sim.ensembles.ensemble import UNITS
from feint.sim.sweeps.study import Study
from feint.sim.training.parameters_report import ParametersRequest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
HEADER = "<!-- generated: nox -s golden -->\n"


def says(command, capsys, monkeypatch):
    """What a command line prints, but for how long it took."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("sys.argv", shlex.split(command))
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    return "\n".join(line.rstrip() for line in lines if "SGD steps in" not in line).strip() + "\n"


@pytest.mark.generated
def test_what_the_readme_prints_is_what_its_commands_print(capsys, monkeypatch, rewrite):
    commands = printed(README)
    assert len(commands) == 2
    for command, stands in commands:
        now = says(command, capsys, monkeypatch)
        if rewrite:
            put(README, block(command, stands), block(command, now))
        else:
            check_alike(stands, now, rel=0.02, abs=0.005)


@pytest.mark.generated
def test_the_first_figure_is_drawn_by_the_command_beside_it(tmp_path, capsys, monkeypatch, rewrite):
    shown = FIGURES / "headline.png"
    path = shown if rewrite else tmp_path / "headline.png"
    command = next(line for line in README.read_text().split("`") if line.startswith("feint compare --seed 1 --figure"))
    says(command.replace("docs/figures/headline.png", str(path)), capsys, monkeypatch)
    check_same_drawing(path, shown)


PARAMETERS_INTRODUCTION = """\
# Parameters

Every parameter is declared once, in `agents/model.py` or `sim/training/stage.py`; this table, the command line's help,
validation and the prior are read from there. *Valid* is what is accepted. *Prior* is stated ignorance for
robustness studies, never validated against, and log-uniform where marked L. *Off* removes what the parameter
stands for. A stage's parameter is set as `<stage>.<name>`, as in `finetuning.honeypots`.

No default is an estimate, and none comes from a source: a source is named for the mechanism, and where it supports no
more than that, or only by analogy, the entry says so. The ranges are stated ignorance."""


def parameters_page():
    return f"{PARAMETERS_INTRODUCTION}\n\n{ParametersRequest().run().markdown()}"


def results_table():
    rows = (f"| `{name}` | {meaning} | {unit} |" for name, (meaning, unit) in UNITS.items())
    return "\n".join(["| name | meaning | unit |", "|---|---|---|", *rows])


@pytest.mark.generated
@pytest.mark.parametrize(("page", "content"), [("parameters.md", parameters_page), ("results_table.md", results_table)])
def test_tables_of_the_manual_come_from_the_declarations(page, content, rewrite):
    path = ROOT / "docs" / page
    now = HEADER + content() + "\n"
    if rewrite:
        path.write_text(now)
    assert path.read_text() == now


def test_the_python_examples_of_the_readme_run(capsys):
    first, environments = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    exec(compile(first, "README.md", "exec"), {})
    assert "deceptive" in capsys.readouterr().out
    made: dict[str, Any] = {}
    exec(compile(environments, "README.md", "exec"), made)
    assert made["many"].reset(seed=1)[0].shape == (4096, *made["outside"].observation_space.shape)
    assert made["inside"].reset(seed=1)[0] in made["inside"].observation_space


def test_the_file_in_the_readme_is_a_curriculum(tmp_path):
    from feint.sim.training.configuration import load

    path = tmp_path / "file.toml"
    example, study = re.findall(r"```toml\n(.*?)```", README.read_text(), re.DOTALL)
    path.write_text(example)
    configured = load(path)
    assert configured.curriculum is not None
    assert configured.model.similarity == 0.3
    assert configured.curriculum[0].steps == 2000
    assert configured.curriculum[1].carry == ("goal", "capability", "world")
    path.write_text(study)
    assert Study.load(path).described() == Study.load(ROOT / "examples" / "study.toml").described()


def test_every_command_that_the_readme_shows_exists(capsys, monkeypatch):
    shown = set(re.findall(r"feint (\w+)", "".join(re.findall(r"```sh\n(.*?)```", README.read_text(), re.DOTALL))))
    assert shown >= {"compare", "simulate", "scenario", "sweep", "argue", "figures"}
    for name in shown:
        assert "Usage" in says(f"feint {name} --help", capsys, monkeypatch)
