#!/usr/bin/env bash
# SALib 1.6.0: analyses take `seed=0` for no seed.
#
# Behaviour: in `delta.analyze`, `sobol.analyze`, `pawn.analyze`, `fast.analyze` and others the seed is set `if seed:`, so
# that seed 0 leaves NumPy's global generator as it is; the samplers take 0 as a seed. Two calls with seed=0 on the same data give other confidence intervals (delta: other indices too,
# since its estimate is an average over resamples); two calls with seed=1 give the same. There is no warning.
#
# Guessed: that 0 is a seed like any other, as in NumPy, SciPy and scikit-learn. The documentation only says "Seed to
# generate a random number", and that the default is None.
#
# Why it hurts: users of Feint give one seed to the whole of an analysis, and Feint's default is 0. A table of indices
# for a paper that was made with it cannot be made again. Feint calls SALib's estimators with resamples of its own.
#
# Run: bash findings/salib-seed-zero.sh
# It needs Python 3.11 or later (PYTHON=python3.12 bash ... chooses one) and PyPI, and leaves nothing behind. It exits
# with 0 if the values are those below; if they have changed it prints what it saw and exits with 1.
#
# Seen on 30 November 2026 with Python 3.11.7 on Linux (whether two calls give the same numbers):
#
#   analysis  what          seed 0     seed 1
#   delta     indices       different  same
#   delta     half-widths   different  same
#   sobol     half-widths   different  same

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check "SALib==1.6.0" "numpy==2.4.6" "scipy==1.17.1" "pandas==3.0.5"
cat > "$folder/seeds.py" <<'PY'
import warnings

import numpy as np
from SALib.analyze import delta, sobol
from SALib.sample import sobol as sobol_sample

warnings.simplefilter("ignore")  # SALib's remarks on sample sizes are not what is shown here
PROBLEM = {"num_vars": 2, "names": ["a", "b"], "bounds": [[0.0, 1.0]] * 2}


def alike(analyse, key, seed):
    one, two = (np.asarray(analyse(seed)[key]) for _ in range(2))
    return "same" if np.array_equal(one, two) else "different"


rng = np.random.default_rng(7)
given = rng.random((400, 2))
response = given[:, 0] + 0.2 * rng.random(400)
designed = sobol_sample.sample(PROBLEM, 128, seed=1)
answers = designed[:, 0] + 0.2 * designed[:, 1]
by_delta = lambda seed: delta.analyze(PROBLEM, given, response, num_resamples=20, seed=seed)
by_sobol = lambda seed: sobol.analyze(PROBLEM, answers, num_resamples=20, seed=seed)
keys = by_delta(1)
index = "delta" if "delta" in keys else "delta_balanced"
rows = [
    ("delta", "indices", by_delta, index),
    ("delta", "half-widths", by_delta, f"{index}_conf"),
    ("sobol", "half-widths", by_sobol, "ST_conf"),
]
for analysis, what, analyse, key in rows:
    print(f"{analysis:<10}{what:<14}{alike(analyse, key, 0):<11}{alike(analyse, key, 1)}")
PY
"$folder/venv/bin/python" "$folder/seeds.py" > "$folder/seen" 2> "$folder/errors" || { cat "$folder/errors"; exit 1; }
echo "analysis  what          seed 0     seed 1"
cat "$folder/seen"
sed -n 's/^#   \(delta\|sobol\)/\1/p' "$0" | diff - "$folder/seen" > /dev/null || { echo "the values have changed"; exit 1; }
