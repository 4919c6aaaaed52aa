"""Tables and figures of the manual's page on speed come out of the results of the benchmarks."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks.charts import peers_figure, scaling_figure
from benchmarks.goals import GOALS, flat, line, measured
from benchmarks.report import BEGIN, END, goals_table, main, page
from benchmarks.results import STAGES, Results

PEERS = {
    "Feint": 8.0,
    "Feint, double": 16.0,
    "C++ twin": 7.6,
    "NumPy over runs": 100.0,
    "scalar Numba": 640.0,
    "JAX jit + vmap": 240.0,
    "torch.compile": 96.0,
    "Mesa, an agent a run": 24000.0,
}


def costs(names):
    return {name: PEERS[name] for name in names}, {name: PEERS[name] / PEERS["Feint"] for name in names}


def peers_found(*names):
    cost, ratio = costs(names)
    return {"ns per run-step": cost, "times Feint": ratio, "cannot run": {}}


def along(axis, sizes, cost):
    seconds = [1e-6 * each for each in cost]
    return {axis: sizes, "ns per run-step": cost, "seconds": seconds, "held": "4,096 runs"}


FOUND: dict[str, Any] = {
    **{f"test_twin[{stage}]": peers_found("Feint", "C++ twin") for stage in STAGES},
    **{f"test_peers[{stage}]": peers_found(*PEERS) for stage in STAGES},
    "test_environments": {
        "environments": 4096,
        "ns per step": {"CartPole": 50.0, "overseer": 1200.0},
        "times CartPole": {"CartPole": 1.0, "overseer": 24.0},
        "ns per run-step": {"overseer": 12.0},
    },
    "test_kernel": {
        "ns per run-step": {"single": 8.0, "double": 16.0},
        "times single": {"single": 1.0, "double": 2.0},
    },
    "test_runs": along("runs", [1000, 10000], [8.4, 8.0]),
    "test_steps[whole]": along("steps", [100, 1000], [12.0, 8.0]),
    "test_steps[training alone]": along("steps", [100, 1000], [8.2, 8.0]),
    "test_ends": {"steps": {"one stage": 30.0, "two stages": 45.0}},
    "test_modes": along("modes", [8, 64, 256], [4.0 + 8, 4.0 + 64, 4.0 + 256]),
    "test_threads": {"cores": 2, "speed-up": {"1": 1.0, "2": 1.9}},
    "test_many_points_beside_one_ensemble[200 steps]": {
        "µs a run, on the wall": {"one ensemble": 1.2, "its summary": 1.1, "a sweep": 1.2},
        "points": 10000,
        "threads": 2,
    },
    "test_battery": {"seconds": 45.0, "of processors": 88.0, "threads": 2},
    "test_occupancy": {"occupancy": 0.93, "threads": 2},
    "test_memory": {
        "steps": [[4096, 10, 5e6], [4096, 1000, 5e6], [4096, 10000, 5e6]],
        "runs": [[1000, 10, 5e6], [10000, 10, 6e6]],
        "runs summed": [[1000, 10, 5e6], [100000, 10, 5.1e6]],
        "bytes a run": 100.0,
        "bytes recorded of a run": 99.0,
    },
    "test_processes": {
        "seconds": {
            "import feint": [0.1, 0.1],
            "feint compare, cold caches": [13.0, 11.0],
            "feint compare, warm caches": [1.5, 1.4],
        }
    },
    "test_recompilation": {"changes": 200, "parameters": 39, "kernels anew": 0},
    "test_compare": {
        "seconds": 1.5,
        "of processors": 1.4,
        "seconds in threads": 0.1,
        "run-steps": 11800000,
        "threads": 2,
    },
}
MACHINE = {"machine": "x86_64", "cores": 2, "load": 0.5, "quick": True, "versions": {"numba": "0.68", "jax": None}}
COMMIT = {"id": "0123456789abcdef", "dirty": True}


def results(**changes):
    found = {name: each for name, each in {**FOUND, **changes}.items() if each}
    return Results(MACHINE, COMMIT, "2026-01-01", found)


@pytest.fixture
def file(tmp_path):
    told = {
        "machine_info": MACHINE,
        "commit_info": COMMIT,
        "datetime": "2026-01-01T00:00:00+00:00",
        "benchmarks": [{"name": name, "extra_info": extra} for name, extra in FOUND.items()],
    }
    path = tmp_path / "speed.json"
    path.write_text(json.dumps(told))
    return path


def test_a_file_of_results_becomes_the_tables_and_figures_of_the_manual(file, tmp_path, capsys):
    from PIL import Image

    main(str(file), str(tmp_path))
    assert (tmp_path / "speed_table.md").read_text() == page(results())
    for name in ("speed_scaling.png", "speed_peers.png"):
        with Image.open(tmp_path / "figures" / name) as image:
            assert image.width > 600
            assert '"kind":"speed"' in image.info["Description"]
    assert goals_table(results()) in capsys.readouterr().out


def test_each_goal_is_beside_what_was_measured_of_it():
    met = {goal: found.met for goal in GOALS if (found := measured(goal, results()))}
    assert list(met) == list(GOALS)
    missed = {goal for goal in GOALS if not met[goal]}
    assert missed == {"the same with starts and readings", "`feint compare` with cold caches within 12 s"}
    assert "| 10 × the best of NumPy, JAX and torch.compile | 12.0 × (torch.compile) | yes |" in page(results())
    assert "| at least 0.9 of the C++ twin's speed | 0.95 (" in page(results())
    assert "| 13.00 s (11.00 s of processors) | no |" in page(results())


def test_a_rise_is_told_with_where_it_costs_most():
    told, met = flat("test_steps[whole]", "steps")(results())
    assert told == "50.0 % from 100 to 1,000 (dearest at 100)"
    assert not met


def test_costs_on_a_line_are_linear_and_others_are_not():
    assert line([8, 64, 256], FOUND["test_modes"]["ns per run-step"]) == pytest.approx((4, 1))
    bent = along("modes", [8, 64, 256], [8.0, 64.0, 1024.0])
    found = measured("linear in modes, within 10 %", results(test_modes=bent))
    assert found is not None
    assert not found.met


def test_what_was_not_measured_is_said_and_not_judged():
    nothing = Results(MACHINE, COMMIT, "2026-01-01", {})
    assert goals_table(nothing).count("| not measured | – |") == len(GOALS)
    assert page(nothing).count("\n\n") == 2
    assert scaling_figure(nothing) is None
    assert peers_figure(nothing) is None


def test_a_peer_that_cannot_run_is_named_with_the_reason():
    there = [name for name in PEERS if not name.startswith(("JAX", "torch", "Mesa"))]
    found = {**peers_found(*there), "cannot run": {"JAX jit + vmap": "JAX is not installed (pip install jax)"}}
    told = page(results(**{f"test_peers[{stage}]": found for stage in STAGES}))
    assert "JAX jit + vmap did not run: JAX is not installed (pip install jax)." in told
    assert "| 10 × the best of NumPy, JAX and torch.compile | 12.5 × (NumPy over runs) | yes |" in told
    assert "| 1,000 × one Mesa agent a run | not measured | – |" in told


def test_the_manual_states_every_goal():
    shown = (Path(__file__).parents[2] / "docs" / "speed_table.md").read_text()
    goals = shown[shown.index("| goal |") :].split("\n\n")[0]
    assert re.findall(r"^\| (.*?) \| .* \| (?:yes|no|–) \|$", goals, re.MULTILINE) == list(GOALS)


def test_the_readmes_table_has_the_peers_in_order_of_cost(tmp_path, file):
    docs = tmp_path / "docs"
    docs.mkdir()
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    main(str(file), str(docs))
    text = readme.read_text()
    assert text.startswith("before\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text
    names = re.findall(r"^\| ([A-Za-z][^|]*?) \| [\d,.]+ \|", text, re.MULTILINE)
    assert names == sorted(PEERS, key=lambda name: PEERS[name])


def test_the_readme_has_a_place_for_its_table():
    assert f"{BEGIN}\n" in (Path(__file__).parents[2] / "README.md").read_text()
