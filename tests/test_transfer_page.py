"""The manual's pages on transfer and calibration: their commands print and draw what stands there."""

import re
import shlex

import pytest
from pages import DOCS, FIGURES, ROOT, check_printed_and_drawn, printed
from terminal import within_this_process

PAGES = {name: DOCS / f"{name}.md" for name in ("transfer", "calibration")}


@pytest.fixture
def feint(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    return within_this_process(monkeypatch, capsys)


@pytest.mark.slow
@pytest.mark.generated
@pytest.mark.parametrize("name", PAGES)
def test_what_the_page_prints_and_draws_is_what_its_command_does(feint, tmp_path, name, rewrite):
    ((command, stands),) = printed(PAGES[name])
    shown = FIGURES / f"{name}.png"
    check_printed_and_drawn(feint, PAGES[name], command, stands, shown=shown, folder=tmp_path, rewrite=rewrite)


def test_the_python_of_the_page_prints_what_stands_below_it(capsys):
    page = PAGES["transfer"].read_text()
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(compile(example, "transfer.md", "exec"), {})
    assert f"```text\n{capsys.readouterr().out}```" in page


@pytest.mark.slow
def test_what_the_page_says_of_matching_by_data_is_what_its_commands_print(feint):
    page = PAGES["transfer"].read_text()
    commands = re.findall(r"^(feint compare[^#\n]*?) +#", page, re.MULTILINE)
    assert len(commands) == 2
    found = [feint(*shlex.split(command)[1:], "--json").document for command in commands]
    for document, performance in zip(found, (0.997, 0.973), strict=True):
        (scratch,) = document["arms"]["from_scratch"]["stages"]
        assert scratch["at_stop"]["performance"]["q50"] == pytest.approx(performance, abs=0.002)
        assert document["difference"]["estimate"] == pytest.approx(0.466, abs=0.01)
    assert [document["arms"]["from_scratch"]["stages"][0]["median_steps"] for document in found] == [12_583, 2_800]
