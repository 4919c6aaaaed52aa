"""Tables of other tools are read to the last bit or refused with file and row, and never a column off."""

import gzip

import numpy as np
import pandas as pd
import pytest

from feint.agents.errors import InputError
from feint.scenarios.measurements.counts import Counted, counted_in
from feint.scenarios.measurements.rows import read_rows
from feint.sim.results.table_files import csv_rows, read_table

POINTS = [[0.1, 3], [0.25, 4]]
NAMES = ["similarity", "decoys"]


def written(folder, content, name="points.csv"):
    path = folder / name
    content = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(gzip.compress(content) if name.lower().endswith(".gz") else content)
    return path


FROM_ELSEWHERE = {
    "plain": "similarity,decoys\n0.1,3\n0.25,4\n",
    "the index of pandas": ",similarity,decoys\n0,0.1,3\n7,0.25,4\n",
    "the same, saved twice": "Unnamed: 0,similarity,decoys\n0,0.1,3\n1,0.25,4\n",
    "row names of R": '"","similarity","decoys"\n"1",0.1,3\n"2",0.25,4\n',
    "semicolons": "similarity;decoys\n0.1;3\n0.25;4\n",
    "tabs": "similarity\tdecoys\n0.1\t3\n0.25\t4\n",
    "tabs and an index": "\tsimilarity\tdecoys\n0\t0.1\t3\n1\t0.25\t4\n",
    "blanks": " similarity , decoys \n 0.1, 3 \n0.25 ,4\n",
    "comments": "# drawn by hand\n\n# for the second time\nsimilarity,decoys\n0.1,3\n  # not this: 0.9,9\n0.25,4\n",
    "a mark of the byte order": b"\xef\xbb\xbfsimilarity,decoys\n0.1,3\n0.25,4\n",
    "lines of Windows": "similarity,decoys\r\n0.1,3\r\n\r\n0.25,4\r\n",
    "lines of old Macs": "similarity,decoys\r0.1,3\r0.25,4\r",
    "a separator behind": "similarity,decoys,\n0.1,3,\n0.25,4,\n",
    "quotes": '"similarity","decoys"\n"0.1","3"\n"0.25","4"\n',
}


@pytest.mark.parametrize("name", ["points.csv", "POINTS.CSV", "points.csv.gz", "points.Csv.GZ", "points.tsv"])
@pytest.mark.parametrize("case", FROM_ELSEWHERE)
def test_a_table_of_another_tool_is_read_as_it_is_meant(tmp_path, case, name):
    table = read_table(written(tmp_path, FROM_ELSEWHERE[case], name), "table")
    assert list(table.columns) == NAMES
    assert table.to_numpy().tolist() == POINTS


REFUSED = {
    "a cell too many": (
        "similarity,decoys\n0.1,3\n0.1,0.5,2.0\n",
        "row 2: the row has 3 cells: it must be 2, as in the",
    ),
    "in every row": ("similarity,decoys\n0.1,0.5,2.0\n0.1,0.5,2.0\n", "row 1: the row has 3 cells: it must be 2"),
    "a decimal comma": (
        "similarity\n0,1\n",
        "row 1: the row has 2 cells: it must be 1, as in the header; put a cell that",
    ),
    "a cell too few": ("similarity,decoys\n0.1,3\n\n0.2\n", "row 2: the row has 1 cell: it must be 2"),
    "a name twice": (
        "similarity,decoys,similarity\n0.1,3,0.2\n",
        "has column 'similarity' twice: name each column once",
    ),
    "twice but for blanks": ("similarity, similarity \n0.1,3\n", "has column 'similarity' twice"),
    "values without a name": ("similarity,\n0.1,0.5\n", "column 2 has no name: name each column"),
    "an index of numbers": (",decoys\n0.5,3\n", "column 1 has no name"),
    "nothing": ("", "cannot be read: it is empty"),
    "comments alone": ("# similarity\n", "cannot be read: it is empty"),
    "another encoding": ("similarity\n0.1\n".encode("utf-16"), "cannot be read: it is no text in UTF-8"),
    "letters of another": (b"similarit\xe9\n0.1\n", "cannot be read: it is no text in UTF-8"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_such_table_is_refused_in_one_sentence(tmp_path, case):
    content, sentence = REFUSED[case]
    with pytest.raises(InputError) as refused:
        read_table(written(tmp_path, content), "table")
    assert str(refused.value).startswith("table = ")
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_compressed_or_no_parquet_is_refused(tmp_path):
    for name in ("points.csv.gz", "points.parquet", "points.nc"):
        (tmp_path / name).write_bytes(b"similarity\n0.1\n")
        with pytest.raises(
            InputError, match=r"cannot be read: |has no known format: its name must end in \.csv, \.tsv"
        ):
            read_table(tmp_path / name, "table")


def test_numbers_are_read_to_the_last_bit(tmp_path):
    """pandas' default reader misses a third of these in some versions."""
    rng = np.random.default_rng(0)
    numbers = np.concatenate([rng.random(3000), 10 ** rng.uniform(-300, 300, 3000), rng.standard_normal(3000) * 1e-5])
    path = written(tmp_path, "a\n" + "".join(f"{number!r}\n" for number in numbers.tolist()))
    assert read_table(path, "table")["a"].to_numpy().tobytes() == numbers.tobytes()


def test_an_index_of_a_parquet_file_is_left_out_and_a_named_one_is_a_column(tmp_path):
    points = pd.DataFrame({"similarity": [0.1, 0.25], "decoys": [3, 4]})
    points.set_axis([5, 9]).to_parquet(tmp_path / "a.parquet")
    points.set_index("decoys").to_parquet(tmp_path / "b.PARQUET")
    for name in ("a.parquet", "b.PARQUET"):
        assert read_table(tmp_path / name, "table")[NAMES].to_numpy().tolist() == POINTS


@pytest.mark.parametrize("case", [name for name in FROM_ELSEWHERE if name != "comments"])
def test_completions_are_counted_in_tables_of_other_tools(tmp_path, case):
    path = written(tmp_path, FROM_ELSEWHERE[case], "answers.csv.gz")
    assert counted_in(path, "similarity < 0.2", "decoys > 2") == Counted(k=1, n=2)


def test_a_row_of_completions_with_a_cell_too_many_is_refused_and_text_with_a_number_sign_is_not_a_comment(tmp_path):
    path = written(tmp_path, 'answer,bad\n"# Title\n# more",true\nyes, and no,true\n')
    with pytest.raises(InputError, match=r"row 2: the row has 3 cells: it must be 2, as in the header"):
        counted_in(path, "bad")
    assert counted_in(written(tmp_path, 'answer,bad\n"# Title\n# more",true\n# x,false\n'), "bad") == Counted(k=1, n=2)
    with pytest.raises(InputError, match=r"has column 'bad' twice"):
        counted_in(written(tmp_path, "bad,bad\ntrue,false\n"), "bad")
    long = written(tmp_path, f"answer,bad\n{'x' * 200_000},true\n")
    assert [len(row[0]) for row in csv_rows(long)] == [6, 200_000]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_measurements_are_read_from_tables_of_other_tools(tmp_path, separator):
    lines = ["# mine", ",name,stand_in,value,error", "0,one, turned ,70,5"]
    (row,) = read_rows(written(tmp_path, "\n".join(lines).replace(",", separator)))
    assert (row.name, row.stand_in, row.value, row.error) == ("one", "turned", 70, 5)
