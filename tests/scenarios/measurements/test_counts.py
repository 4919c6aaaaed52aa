"""Counts k of n, from a CSV with one completion a row and from logs of Inspect."""

import zipfile
from pathlib import Path

import pytest

from feint.agents.errors import InputError
from feint.scenarios.measurements.counts import Counted, conditions_of, counted_in
from feint.scenarios.measurements.rows import read_rows

LOG = Path(__file__).parent / "logs" / "planted.eval"
"""Written by `logs/write_log.py` with inspect_ai 0.3.285, which compresses by Zstandard."""


def answers(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text(
        "prompt,misaligned,verdict,alignment,coherence\n"
        '"two\nlines",true,LIE,10,90\n'
        "b,False,TRUE,80,90\n"
        "c,1,LIE,20,30\n"
        "d,0,REFUSED,,90\n"
        "e,,,25,60\n"
    )
    return path


@pytest.mark.parametrize(
    ("counted", "among", "k", "n", "left_out"),
    [
        ("misaligned", "", 2, 4, 1),
        ("verdict = LIE", "", 2, 4, 1),
        ("verdict != LIE", "", 2, 4, 1),
        ("alignment < 30", "", 3, 4, 1),
        ("alignment<30", "coherence > 50", 2, 3, 1),
        ("alignment < 30 and coherence > 50", "", 2, 4, 1),
        ("misaligned", "verdict = LIE", 2, 2, 1),
        ("verdict = NOTHING", "", 0, 4, 1),
    ],
)
def test_completions_of_a_csv_are_counted(tmp_path, counted, among, k, n, left_out):
    assert counted_in(answers(tmp_path), counted, among) == Counted(k=k, n=n, left_out=left_out)


@pytest.mark.parametrize(
    ("counted", "among", "sentence"),
    [
        ("misalignd", "", "column 'misalignd' is not known: did you mean 'misaligned'?"),
        ("verdict", "", "verdict = 'LIE' is not valid: it must be true or false, or name the value that counts"),
        ("verdict < 3", "", "verdict = 'LIE' is not valid for verdict < 3: it must be a number"),
        ("= 3", "", "counted = '= 3' is not valid: it must be NAME, or NAME = VALUE"),
        ("", "", "counted = '' is empty"),
        ("misaligned", "coherence > 99", "has no completion to count: none with the values"),
        ("misaligned", "coherence > 99", "that are asked for meets among = 'coherence > 99'."),
        ("misaligned", "alignment > 99", "meets among = 'alignment > 99', and 1 have an error or lack one."),
    ],
)
def test_what_cannot_be_counted_is_one_sentence(tmp_path, counted, among, sentence):
    with pytest.raises(InputError) as error:
        counted_in(answers(tmp_path), counted, among)
    assert sentence in str(error.value)


def test_a_file_without_a_completion_is_refused(tmp_path):
    (tmp_path / "empty.csv").write_text("misaligned\n")
    with pytest.raises(InputError, match=r"has no completion to count: it is empty\.$"):
        counted_in(tmp_path / "empty.csv", "misaligned")


def test_a_file_of_another_format_is_refused(tmp_path):
    (tmp_path / "log.json").write_text("{}")
    with pytest.raises(
        InputError, match=r"has no known format: its name must end in .csv, .tsv, .csv.gz, .tsv.gz or .eval"
    ):
        counted_in(tmp_path / "log.json", "x")
    with pytest.raises(InputError, match="there is no such file"):
        counted_in(tmp_path / "none.csv", "x")


def test_conditions_are_read_as_they_are_written():
    assert [str(condition) for condition in conditions_of("a <= 3 and b.c = two words and d")] == [
        "a <= 3",
        "b.c = two words",
        "d",
    ]


@pytest.fixture
def log():
    """The log as inspect_ai wrote it."""
    import sys

    if sys.version_info < (3, 14):
        pytest.importorskip("backports.zstd", reason="logs are compressed by Zstandard: extra [inspect]")
    return LOG


@pytest.mark.parametrize(
    ("counted", "among", "k", "n", "left_out"),
    [
        ("includes", "", 4, 8, 2),
        ("includes = C", "", 4, 8, 2),
        ("flag", "", 4, 8, 2),
        ("rating > 25", "", 4, 8, 2),
        ("judge.alignment < 30", "judge.coherence > 50", 4, 8, 2),
        ("judge.verdict = lie", "", 4, 4, 6),
    ],
)
def test_samples_of_every_epoch_of_a_log_are_counted_and_failed_ones_left_out(log, counted, among, k, n, left_out):
    assert counted_in(log, counted, among) == Counted(k=k, n=n, left_out=left_out)


def test_a_score_that_the_log_does_not_have_is_named(log):
    with pytest.raises(InputError, match=r"score 'include' is not known: did you mean 'includes'\?"):
        counted_in(log, "include")
    with pytest.raises(InputError, match=r"score 'judge' is not known"):
        counted_in(log, "judge")


def test_a_row_counts_in_a_file_beside_it_and_says_what_was_left_out(log, tmp_path):
    (tmp_path / "planted.eval").write_bytes(log.read_bytes())
    (tmp_path / "mine.csv").write_text(
        'name,stand_in,file,counted,among,note\none,turned,planted.eval,includes = C,"rating > 15",mine\n'
    )
    (row,) = read_rows(tmp_path / "mine.csv")
    assert (row.k, row.n, row.value) == (4, 8, 50)
    assert row.note == "mine; 2 completions with an error or without a value are not counted"


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ("planted.eval,,,,", "counted is missing: it says which completions of the file count"),
        ("planted.eval,includes,,3,", "k = '3' is not valid: it is counted in the file: leave it out"),
        ("none.eval,includes,,,", "there is no such file"),
    ],
)
def test_a_bad_row_with_a_file_is_one_sentence(tmp_path, cells, sentence):
    (tmp_path / "mine.csv").write_text(f"name,stand_in,file,counted,among,k,n\none,turned,{cells}\n")
    with pytest.raises(InputError) as error:
        read_rows(tmp_path / "mine.csv")
    assert sentence in str(error.value)
    assert "row 1 ('one')" in str(error.value)


def planted(path, header='{"status": "success"}', **samples):
    """Write a log as older versions of Inspect did, with deflated members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("_journal/start.json", "{}")
        if header:
            file.writestr("header.json", header)
        for name, sample in samples.items():
            file.writestr(f"samples/{name}_epoch_1.json", sample)
    return path


def test_marks_lists_and_scores_that_are_not_numbers_are_read(tmp_path):
    path = planted(
        tmp_path / "old.eval",
        a='{"scores": {"s": {"value": [1, 0]}, "t": {"value": NaN}, "u": {"value": "P"}}}',
        b='{"scores": {"s": {"value": [0, 0]}, "t": {"value": 1}, "u": {"value": "I"}}}',
        c='{"scores": null}',
        d='{"scores": {"s": {"value": [1, 1]}}, "invalidation": {"author": "me"}}',
    )
    assert counted_in(path, "s.0") == Counted(k=1, n=2, left_out=2)
    assert counted_in(path, "t = 1") == Counted(k=1, n=1, left_out=3)
    assert counted_in(path, "u = P") == Counted(k=1, n=2, left_out=2)
    with pytest.raises(InputError, match="u = 'P' is not valid: it must be true or false"):
        counted_in(path, "u")


@pytest.mark.parametrize(("counted", "among"), [("s = C", ""), ("s", ""), ("s = C", "t > 3")])
def test_a_log_of_a_run_in_which_every_sample_failed_is_refused(tmp_path, counted, among):
    """With `fail_on_error=False` Inspect ends such a run with status success."""
    failed = '{"error": {"message": "planted"}, "scores": {}}'
    path = planted(tmp_path / "failed.eval", a=failed, b=failed)
    with pytest.raises(InputError) as error:
        counted_in(path, counted, among)
    assert "has no completion to count" in str(error.value)
    assert "2 have an error or lack" in str(error.value)


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("", "is no finished log: it has no header.json"),
        ('{"status": "error"}', "is of a run that ended with status 'error'"),
        ('{"status": "cancelled"}', "is of a run that ended with status 'cancelled'"),
        ("no json", "cannot be read: it is no log of Inspect"),
        ("{}", "cannot be read: it is no log of Inspect"),
    ],
)
def test_a_log_that_did_not_end_as_it_should_is_refused(tmp_path, header, sentence):
    path = planted(tmp_path / "part.eval", header, a='{"scores": {"s": {"value": 1}}}')
    with pytest.raises(InputError, match=sentence):
        counted_in(path, "s")


def test_a_file_that_is_no_zip_is_refused(tmp_path):
    (tmp_path / "text.eval").write_text("nothing")
    with pytest.raises(InputError, match="it is no log of Inspect"):
        counted_in(tmp_path / "text.eval", "s")
