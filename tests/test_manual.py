"""README and manual say what the code does."""

import re
from pathlib import Path
from typing import Any

import pytest
from pages import shell_lines

from feint.sim.ensembles.ensemble import UNITS
from feint.sim.sweeps.study import Study
from feint.sim.training.parameters_report import ParametersRequest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
HEADER = "<!-- generated: nox -s golden -->\n"


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


def test_the_readme_shows_the_commands_to_begin_with():
    shown = set(re.findall(r"feint (\w+)", "\n".join(shell_lines(README))))
    assert shown >= {"compare", "simulate", "scenario", "sweep", "argue", "figures"}


def test_the_readme_shows_the_command_that_draws_its_figure():
    assert "`feint compare --seed 1 --figure docs/figures/headline.png`" in README.read_text()
