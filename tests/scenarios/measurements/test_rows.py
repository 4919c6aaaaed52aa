"""Measurements as data: the table that ships, rows of a user's CSV, and the sentence for each bad row."""

import csv
from collections import Counter
from math import isfinite, log2, sqrt

import pytest

from feint.agents.errors import InputError
from feint.scenarios.measurements.rows import COLUMNS, NONE, by_source, error_of, read_rows, shipped_rows
from feint.scenarios.measurements.stand_ins import STAND_INS

HEAD = "name,stand_in,value,error,k,n,unit,use"


@pytest.fixture(scope="module")
def rows():
    return {row.name: row for row in shipped_rows()}


def read(tmp_path, *lines, head=HEAD):
    path = tmp_path / "mine.csv"
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return read_rows(path)


def test_the_table_has_what_the_literature_measured(rows):
    uses = Counter(row.use for row in rows.values())
    assert len(rows) >= 60
    assert uses["fit"] >= 25
    assert uses["hold out"] >= 10


def test_every_row_says_where_it_is_from_and_a_row_without_a_stand_in_says_why(rows):
    for row in rows.values():
        assert row.source
        assert row.what
        assert row.checked in {"V", "A", "S", "Sl", "D"}
        assert row.scored == (row.stand_in != NONE), row.name
        if row.stand_in == NONE:
            assert row.use == "show"
            assert row.note.startswith("no stand-in: ")


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("faking before RL", 11.9, 1.7), ("faking after RL", 78.4, 3.1), ("refusal watched before RL", 85.8, 1.9),
        ("unwatched refusal moved", 92.9, 2.0), ("unwatched refusal moved, other company", 61.8, 3.9),
        ("unwatched refusal moved, no examples", 79.3, 3.2), ("gap after RL", 6.9, 1.9),
        ("backdoor after RL, smallest", 4, 3), ("backdoor after RL, large less small", 96, 4.2),
        ("unlocking, scratch over fine-tuned", 1.5, 0.25), ("alpha, text", 0.18, 0.02), ("beta", 0.38, 0.02),
    ],
)  # fmt: skip
def test_published_numbers_are_those_of_the_literature(rows, name, value, error):
    assert (rows[name].value, rows[name].error) == (value, error)


@pytest.mark.parametrize(
    ("name", "k", "n"),
    [
        ("no prevention", 36, 59), ("secure first", 48, 106), ("secure first, second run", 42, 82),
        ("corrective first", 51, 63), ("misaligned, then secure", 5, 165), ("models that fake", 2, 25),
        ("reward tampering", 45, 32768), ("faking without gain", 48, 400),
    ],
)  # fmt: skip
def test_published_counts_are_those_of_the_literature(rows, name, k, n):
    row = rows[name]
    assert (row.k, row.n, row.value) == (k, n, 100 * k / n)
    assert row.error == error_of(k, n)


@pytest.mark.parametrize(
    ("moved", "before", "after"),
    [
        ("unwatched refusal moved", (97.2, 0.9), (6.9, 1.9)),
        ("unwatched refusal moved, other company", (95.4, 1.6), (36.4, 3.7)),
        ("unwatched refusal moved, no examples", (97.7, 1.1), (20.2, 3.1)),
    ],
)
def test_what_was_moved_is_derived_from_both_rates_with_their_errors(rows, moved, before, after):
    (b, of_b), (a, of_a) = before, after
    assert rows[moved].value == pytest.approx(100 * (b - a) / b, abs=0.05)
    assert rows[moved].error == pytest.approx(100 * sqrt((of_a / b) ** 2 + (a * of_b / b**2) ** 2), abs=0.05)


@pytest.mark.parametrize(
    ("name", "low", "high", "scratch"),
    [
        ("revival, strong relevance", 100, 1000, 4500),
        ("revival, weak relevance", 3000, 3000, 4500),
        ("unlocking, scratch over fine-tuned", 2, 4, 1),
    ],
)
def test_a_range_is_taken_for_its_95_percent_limits(rows, name, low, high, scratch):
    low, high = log2(low / scratch), log2(high / scratch)
    assert rows[name].value == pytest.approx((low + high) / 2, abs=0.01)
    if low < high:
        assert rows[name].error == pytest.approx((high - low) / 2 / 1.96, abs=0.01)


def test_data_that_are_secure_twice_stand_for_one_thing(rows):
    """The condition that the source calls generic was trained on the secure data, in a run of its own."""
    for name in ("secure first", "misaligned, then secure"):
        assert rows[name].stand_in == rows[f"{name}, second run"].stand_in


def test_rates_of_harmful_answers_are_counts_of_330(rows):
    for steps, rate in ((0, 1.5), (2, 22.4), (4, 76.4), (6, 87.9)):
        assert round(rows[f"harmful after {steps} iterations"].value, 1) == rate


def test_persistence_is_said_to_be_conditional_on_insertion(rows):
    kept = [row for row in rows.values() if row.stand_in.startswith("inserted kept")]
    assert len(kept) >= 8
    for row in kept:
        if row.name != "backdoor after red teaming":
            assert "says nothing of how often deception emerges" in row.note


def test_errors_of_counts_are_positive_and_shrink_with_the_count():
    assert error_of(0, 10) > 0
    assert error_of(10, 10) == error_of(0, 10)
    assert error_of(50, 100) == pytest.approx(5, abs=0.05)
    assert error_of(500, 1000) < error_of(50, 100)


def test_a_row_gives_a_value_and_its_error_or_counts(tmp_path):
    value, counts = read(tmp_path, "one,faking after,70,5,,,,", "two,faking after,,,7,10,%,hold out")
    assert (value.value, value.error, value.unit, value.use, value.what) == (70, 5, "%", "fit", "one")
    assert (counts.value, counts.k, counts.n, counts.use) == (70, 7, 10, "hold out")
    assert isfinite(counts.error)


def test_a_row_that_is_only_shown_needs_no_error_and_no_stand_in(tmp_path):
    (row,) = read(tmp_path, "one,none,70,,,,samples,show")
    assert not row.scored
    assert row.unit == "samples"


def test_sources_come_in_the_order_of_their_first_row(tmp_path):
    head = "name,stand_in,value,error,source"
    rows = read(tmp_path, *(f"{name},faking after,1,1,{name[0]}" for name in ("b1", "a1", "b2")), head=head)
    assert [(source, len(group)) for source, group in by_source(rows)] == [("b", 2), ("a", 1)]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("one,faking after,70,,,,,", "row 1 ('one'): error is missing: a value needs its standard error"),
        ("one,faking after,,,,,,", "row 1 ('one'): value is missing: a row needs a value and its error, k and n"),
        ("one,faking after,170,5,,,,", "row 1 ('one'): value = 170.0 is not valid: a percentage must be from 0 to 100"),
        ("one,faking after,-1,5,,,,", "row 1 ('one'): value = -1.0 is not valid: a percentage must be from 0 to 100"),
        ("one,faking after,70,0,,,,", "row 1 ('one'): error = 0.0 is not valid: a standard error must be above 0"),
        ("one,faking after,many,5,,,,", "row 1 ('one'): value = 'many' is not valid: it must be a number"),
        ("one,faking after,nan,5,,,,", "row 1 ('one'): value = 'nan' is not valid: it must be a number"),
        ("one,faking after,,,12,10,,", "row 1 ('one'): k = 12 is not valid: it must be at most n = 10"),
        ("one,faking after,,,12,,,", "row 1 ('one'): n is missing: counts need both k and n"),
        ("one,faking after,,,-1,10,,", "row 1 ('one'): k = '-1' is not valid: it must be a whole number from 0 on"),
        ("one,faking after,,,1.5,10,,", "row 1 ('one'): k = '1.5' is not valid: it must be a whole number from 0 on"),
        ("one,faking after,,,0,0,,", "row 1 ('one'): n = 0 is not valid: it must be at least 1"),
        ("one,faking after,70,,7,10,,", "row 1 ('one'): value = '70' is not valid: it follows from the counts"),
        (
            "one,faking aftr,70,5,,,,",
            "row 1 ('one'): stand-in 'faking aftr' is not known: did you mean 'faking after'?",
        ),
        ("one,faking after,70,5,,,points,", "row 1 ('one'): unit = 'points' is not valid: that of the stand-in"),
        (
            "one,faking after,70,5,,,,maybe",
            "row 1 ('one'): use = 'maybe' is not valid: it must be one of fit, hold out",
        ),
        ("one,none,70,5,,,,fit", "row 1 ('one'): use = 'fit' is not valid: a row without a stand-in can only be shown"),
        (
            "one,gap after,,,7,10,,",
            "row 1 ('one'): k = 7 is not valid: counts give per cent, and the unit here is 'points'",
        ),
        (",faking after,70,5,,,,", "row 1: name is missing: every row needs one"),
        ("one,,70,5,,,,", "row 1 ('one'): stand_in is missing: every row needs one"),
        ("one,faking after,70,5,,,,,7", "row 1: the row has 9 cells: it must be 8"),
    ],
)
def test_a_bad_row_is_one_sentence_with_file_row_column_and_value(tmp_path, line, sentence):
    with pytest.raises(InputError) as error:
        read(tmp_path, line)
    assert str(error.value).startswith(f"file = '{tmp_path / 'mine.csv'}', {sentence}")
    assert str(error.value).count("\n") == 0


def test_two_rows_of_one_name_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"row 2: name = 'one' is not valid: each row must have a name of its own"):
        read(tmp_path, "one,faking after,70,5,,,,", "one,faking after,71,5,,,,")


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        ("name,stand_in,valu,error", "column 'valu' is not known: did you mean 'value'?"),
        ("name,stand_in,value,value", "has column 'value' twice"),
        ("name,value,error", "has no column 'stand_in'"),
    ],
)
def test_a_bad_first_row_is_one_sentence(tmp_path, head, sentence):
    with pytest.raises(InputError, match=sentence):
        read(tmp_path, "one,faking after,70,5", head=head)


def test_a_file_that_is_missing_or_empty_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_rows(tmp_path / "none.csv")
    (tmp_path / "empty.csv").write_text("\n\n")
    with pytest.raises(InputError, match="is empty"):
        read_rows(tmp_path / "empty.csv")
    (tmp_path / "bytes.csv").write_bytes(b"name,stand_in\n\xff\xfe\n")
    with pytest.raises(InputError, match="it is no CSV in UTF-8"):
        read_rows(tmp_path / "bytes.csv")


def test_what_spreadsheets_write_is_read(tmp_path):
    path = tmp_path / "sheet.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)  # with \r\n, as Excel writes
        writer.writerows(
            [["name", "stand_in", "value", "error", "note"], ["one", "faking after", "70", "5", "a, b"], []]
        )
    (row,) = read_rows(path)
    assert row.note == "a, b"


def test_columns_are_the_fields_of_a_row():
    assert set(COLUMNS) >= {"name", "what", "stand_in", "value", "error", "k", "n", "unit", "source", "where", "use"}
    assert NONE not in STAND_INS
