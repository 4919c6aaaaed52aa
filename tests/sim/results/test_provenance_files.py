"""Data of figures as files: no digit is lost, and the passport is read back out of every format."""

import numpy as np
import pandas as pd
import pytest

from feint.agents.errors import InputError
from feint.sim.results import provenance
from feint.sim.results.provenance import passport_in

TOLD = {"passport": 1, "kind": "figure", "configuration": {"figure": "β > 0 & <b>"}, "versions": {}, "commit": None}


def table():
    values = np.random.default_rng(1).standard_normal(200)
    return pd.DataFrame({"name": ["none", "NA", "β, γ", "-"] * 50, "value": values, "tiny": values * 1e-300})


def test_a_table_comes_back_to_the_bit(tmp_path):
    content = provenance.csv_text(table())
    provenance.write_csv(tmp_path / "a.csv", content, TOLD)
    again, told = provenance.read_csv(tmp_path / "a.csv")
    assert (again, told) == (content, TOLD)
    pd.testing.assert_frame_equal(provenance.table_from_csv(again), table(), check_exact=True, check_dtype=False)
    assert provenance.csv_text(provenance.table_from_csv(again)) == content
    assert passport_in(tmp_path / "a.csv") == TOLD


def test_missing_values_and_infinities_come_back():
    known = pd.DataFrame({"value": [1.5, np.nan, np.inf, -np.inf]})
    again = provenance.table_from_csv(provenance.csv_text(known))
    np.testing.assert_array_equal(again["value"], known["value"])
    assert provenance.first_difference(provenance.csv_text(known), provenance.csv_text(again)) is None


@pytest.mark.parametrize(
    ("now", "difference"),
    [
        ("a,b\n1,2.5\n3,x\n", None),
        ("a,b\n1,2.5\n3,y\n", "row 2, b: x in the file, y now"),
        ("a,b\n1,2.5\n", "2 rows in the file, 1 now"),
        ("a,c\n1,2.5\n3,x\n", "the columns"),
        ("", "the columns"),
        ("a,b\n1,2.5\n3, x\n", "row 2, b: x in the file,  x now"),
        ("a,b\n1.0,2.5\n3,x\n", "the notation of a number"),
    ],
)
def test_the_first_difference_is_told(now, difference):
    assert provenance.first_difference("a,b\n1,2.5\n3,x\n", now) == difference


@pytest.mark.parametrize("ending", ["svg", "png", "pdf", "csv"])
def test_a_foreign_file_is_refused(tmp_path, ending):
    from matplotlib.figure import Figure

    foreign = tmp_path / f"foreign.{ending}"
    if ending == "csv":
        foreign.write_text("a,b\n1,2\n")
    else:
        Figure(figsize=(1, 1)).savefig(foreign)
    with pytest.raises(InputError, match=r"foreign.* (carries|has) no passport"):
        passport_in(foreign)
    foreign.write_bytes(b"\x00\xff nothing of the kind")
    with pytest.raises(InputError, match=r"foreign.* (carries|has) no passport"):
        passport_in(foreign)


@pytest.mark.parametrize(
    ("name", "reason"), [("no.svg", "there is no such file"), ("a.gif", "no known format"), ("a", "no known format")]
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path, name, reason):
    with pytest.raises(InputError, match=reason):
        passport_in(tmp_path / name)


def test_a_passport_without_what_it_takes_is_none(tmp_path):
    provenance.write_csv(tmp_path / "a.csv", "a\n1\n", {"kind": "figure"})
    with pytest.raises(InputError, match="carries no passport"):
        passport_in(tmp_path / "a.csv")


def test_a_folder_in_place_of_a_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        provenance.write_csv(tmp_path, "a\n", TOLD)
    with pytest.raises(InputError, match="cannot be read"):
        provenance.read_csv(tmp_path)
