#!/usr/bin/env bash
# pandas 3.1.1: a column that was made the index is missing in a Parquet file if its numbers are evenly spaced.
#
# Behaviour: since pandas 3.0, `DataFrame.set_index` turns whole numbers that are evenly spaced into a `RangeIndex`, and
# `to_parquet` with its default `index=None` writes a `RangeIndex` as three numbers in pandas' own metadata and not as a
# column, also one that has a name. So `table.set_index("steps").to_parquet(...)` writes the column `steps` or not,
# depending on its values: 100, 200, 400, 800 is in the file, 100, 200, 300, 400 is not. polars, DuckDB and pyarrow then
# read a table without it. There is no warning. In pandas 2.3.3 both files have the column.
#
# Guessed: that what is in a file does not depend on the values of a column, and that a named index is data. The
# documentation of `to_parquet` says that a RangeIndex is kept as a range in the metadata, and the notes of pandas 3.0
# that more operations return a RangeIndex; neither says that the two together drop a column for other readers.
#
# Why it hurts: users of Feint hand on tables of points and of results by Parquet. Parameters that vary on a grid, numbers
# of points and seeds are evenly spaced, and are what one makes the index: the rows then have lost what says which they
# are. Feint reads the metadata, and writes its own tables with `index=False`; `to_parquet(..., index=True)` avoids it.
#
# Run: bash findings/pandas-parquet-loses-evenly-spaced-index.sh
# It needs Python 3.11 or later (PYTHON=python3.12 bash ... chooses one) and PyPI, and leaves nothing behind. It exits
# with 0 if the columns are those below; if they have changed it prints what it saw and exits with 1.
#
# Seen on 1 December 2026 with Python 3.11.7 on Linux (the columns that a reader finds):
#
#   pandas  steps              pyarrow     polars      DuckDB
#   3.1.1   100 200 300 400    loss        loss        loss
#   3.1.1   100 200 400 800    loss steps  loss steps  loss steps
#   2.3.3   100 200 300 400    loss steps  loss steps  loss steps
#   2.3.3   100 200 400 800    loss steps  loss steps  loss steps

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/columns.py" <<'PY'
import sys
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq

path = str(Path(sys.argv[0]).parent / "table.parquet")
for steps in ([100, 200, 300, 400], [100, 200, 400, 800]):
    table = pd.DataFrame({"steps": steps, "loss": [0.4, 0.3, 0.2, 0.1]}).set_index("steps")
    table.to_parquet(path)
    assert pd.read_parquet(path).equals(table)
    found = (
        pq.read_schema(path).names,
        pl.read_parquet(path).columns,
        [column[0] for column in duckdb.execute(f"select * from '{path}'").description],
    )
    cells = "".join(f"{' '.join(sorted(names)):<12}" for names in found).rstrip()
    print(f"{pd.__version__:<8}{' '.join(map(str, steps)):<19}{cells}")
PY
for pandas in 3.1.1 2.3.3; do
    "${PYTHON:-python3}" -m venv --clear "$folder/venv"
    "$folder/venv/bin/pip" install -q --disable-pip-version-check "pandas==$pandas" "numpy==2.4.6" "pyarrow==26.0.1" "polars==2.1.0" "duckdb==2.0.1"
    "$folder/venv/bin/python" "$folder/columns.py" >> "$folder/seen" 2> "$folder/errors" || { cat "$folder/errors"; exit 1; }
done
echo "pandas  steps              pyarrow     polars      DuckDB"
cat "$folder/seen"
sed -n 's/^#   \([23]\.\)/\1/p' "$0" | diff - "$folder/seen" > /dev/null || { echo "the columns have changed"; exit 1; }
