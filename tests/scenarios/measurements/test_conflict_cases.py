"""Cases of conflict: those that ship, and what is refused in a file of one's own."""

import pytest

from feint.agents.errors import InputError
from feint.scenarios.measurements.conflict_cases import FOLDER, PUBLISHED, SHIPPED, case_of, place_of, value_at
from feint.scenarios.measurements.rows import read_rows
from feint.scenarios.measurements.stand_ins import STAND_INS

GOOD = """title = "Mine"
rows = "rows.csv"
[[experiments]]
name = "one"
rows = ["faked"]
[[experiments]]
name = "two"
rows = ["faking after RL"]
[[premises]]
name = "length"
parameters = ["trained_steps"]
[[premises]]
name = "grade"
parameters = ["grader"]
[premises.ranges]
grader = [-30.0, 0.0]
"""


@pytest.fixture
def mine(tmp_path):
    """Return a function that writes a file with one text replaced, and returns its path."""

    def write(before="", after=""):
        assert before in GOOD
        path = tmp_path / "mine.toml"
        path.write_text(GOOD.replace(before, after, 1) if before else GOOD)
        (tmp_path / "rows.csv").write_text("name,stand_in,value,error\nfaked,faking after,10,5\n")
        return str(path)

    return write


def test_the_cases_that_ship_are_read():
    assert SHIPPED == ("broad", "persistence")
    rows = {row.name for row in read_rows(FOLDER / "rows.csv")}
    named = set()
    for name in SHIPPED:
        case = case_of(name)
        assert case.name == name
        for experiment in case.experiments:
            assert experiment.says
            named |= {row.name for row in experiment.rows}
        assert all(premise.why for premise in case.premises)
        assert set(case.stand_ins) <= set(STAND_INS)
    assert rows <= named


def test_a_file_of_ones_own_takes_its_rows_and_those_that_ship(mine):
    case = case_of(mine())
    assert [[row.name for row in experiment.rows] for experiment in case.experiments] == [
        ["faked"],
        ["faking after RL"],
    ]
    assert case.stand_ins == ("faking after",)
    length, grade = case.premises
    assert length.at(1.0) == {"trained_steps": 30_000}
    assert grade.at(0.0) == {"grader": -30}
    assert (length.places(3), grade.places(3)) == ([0, 0.5, 1], [0, 1])
    assert (length.shown(1.0), grade.shown(1.0)) == ("30,000", "0")


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_value_stands_at_its_place(name):
    factor = PUBLISHED[name]
    for place in (0.0, 0.4, 1.0):
        assert place_of(factor, value_at(factor, place)) == pytest.approx(place, abs=0.001)


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ('title = "Mine"\n', "", "a conflict has no title: every one needs it."),
        ('title = "Mine"', "title = 3", "title = 3 of a conflict is not valid: it must be a text."),
        ("title", "titel", "entry of a conflict 'titel' is not known: did you mean 'title'?"),
        ('name = "two"', 'name = "one"', "experiment 'one' is there twice: each needs a name of its own."),
        ('rows = ["faked"]', "rows = []", "rows = [] of experiment 'one' is empty: name one measurement or more."),
        ('["faked"]', '["fake"]', "measurement 'fake' is not known: did you mean 'faked'?"),
        (
            '["faked"]',
            '["pruning"]',
            "measurement 'pruning' cannot be compared with the model: it needs an error and a stand-in that is no law",
        ),
        (
            '[[experiments]]\nname = "two"\nrows = ["faking after RL"]\n',
            "",
            "experiments are 1: a conflict needs two.",
        ),
        ('"trained_steps"', '"trained_step"', "parameter 'trained_step' is not known: did you mean 'trained_steps'?"),
        ('["trained_steps"]', "[]", "parameters = [] of premise 'length' is empty: name one or more."),
        ("grader = [", "gate = [", "parameter of premise 'grade' 'gate' is not known: did you mean 'grader'?"),
        ("[-30.0, 0.0]", "[0.0, 1.0]", "ranges.grader = [0.0, 1.0] lacks -30.0, which the draws have: add it."),
        ('["grader"]', '["grader", "decoys"]', "premise 'grade' has a list of values: only ranges can vary together."),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence(mine, before, after, sentence):
    path = mine(before, after)
    with pytest.raises(InputError) as refused:
        case_of(path)
    assert str(refused.value).startswith(f"{path}: {sentence}")
    assert "\n" not in str(refused.value)
