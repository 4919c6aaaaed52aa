"""Feint: a fast, honest simulator of how training can produce deceptive alignment.

Public names are loaded when they are first used, so that `import feint` is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from feint.agents import VERSION

if TYPE_CHECKING:
    from feint.agents.errors import InputError as InputError
    from feint.agents.model import Model as Model
    from feint.agents.outcome import Outcome as Outcome
    from feint.agents.outcome import read as read
    from feint.agents.state import State as State
    from feint.agents.types import TYPES as TYPES
    from feint.agents.types import MesaOptimizer as MesaOptimizer
    from feint.agents.types import register as register
    from feint.agents.views import Belief as Belief
    from feint.agents.views import view as view
    from feint.sim.analysis.boundary import Boundary as Boundary
    from feint.sim.analysis.boundary import boundary as boundary
    from feint.sim.analysis.claim_files import load_claim as load_claim
    from feint.sim.analysis.claims import Claim as Claim
    from feint.sim.analysis.claims import Part as Part
    from feint.sim.analysis.screen import Screen as Screen
    from feint.sim.analysis.screen import screen as screen
    from feint.sim.ensembles.comparison import Comparison as Comparison
    from feint.sim.ensembles.comparison import compare as compare
    from feint.sim.ensembles.ensemble import Ensemble as Ensemble
    from feint.sim.ensembles.ensemble import simulate as simulate
    from feint.sim.ensembles.ensemble import summarize as summarize
    from feint.sim.ensembles.importance_sampling import Rare as Rare
    from feint.sim.ensembles.importance_sampling import rare as rare
    from feint.sim.ensembles.streaming_summary import Summary as Summary
    from feint.sim.sweeps.study import Study as Study
    from feint.sim.sweeps.sweep import Sweep as Sweep
    from feint.sim.sweeps.sweep import sweep as sweep
    from feint.sim.training.configuration import load as load
    from feint.sim.training.curriculum import Curriculum as Curriculum
    from feint.sim.training.curriculum import Match as Match
    from feint.sim.training.curriculum import from_scratch as from_scratch
    from feint.sim.training.curriculum import pretrain_finetune as pretrain_finetune
    from feint.sim.training.replay import Trajectory as Trajectory
    from feint.sim.training.replay import replay as replay
    from feint.sim.training.stage import Stage as Stage
    from feint.sim.training.train import advance as advance
    from feint.sim.training.train import begin as begin
    from feint.sim.training.train import enter as enter
    from feint.sim.training.train import train as train
    from feint.verbs import argue as argue
    from feint.verbs import audit as audit
    from feint.verbs import auditors as auditors
    from feint.verbs import counting as counting
    from feint.verbs import crux as crux
    from feint.verbs import fit as fit
    from feint.verbs import map as map  # noqa: A004 - named as the command is
    from feint.verbs import parameters as parameters
    from feint.verbs import power as power
    from feint.verbs import regenerate as regenerate
    from feint.verbs import regions as regions
    from feint.verbs import scenario as scenario
    from feint.verbs import sensitivity as sensitivity
    from feint.verbs import share as share
    from feint.verbs import why as why
    from feint.verbs import why_run as why_run
    from feint.verbs import worldviews as worldviews

_ROOMS = {
    "feint.agents.errors": ("InputError",),
    "feint.agents.model": ("Model",),
    "feint.agents.outcome": ("Outcome", "read"),
    "feint.agents.state": ("State",),
    "feint.agents.types": ("TYPES", "MesaOptimizer", "register"),
    "feint.agents.views": ("Belief", "view"),
    "feint.sim.analysis.boundary": ("Boundary", "boundary"),
    "feint.sim.analysis.claim_files": ("load_claim",),
    "feint.sim.analysis.claims": ("Claim", "Part"),
    "feint.sim.analysis.screen": ("Screen", "screen"),
    "feint.sim.ensembles.comparison": ("Comparison", "compare"),
    "feint.sim.training.configuration": ("load",),
    "feint.sim.training.curriculum": ("Curriculum", "Match", "from_scratch", "pretrain_finetune"),
    "feint.sim.ensembles.ensemble": ("Ensemble", "simulate", "summarize"),
    "feint.sim.ensembles.importance_sampling": ("Rare", "rare"),
    "feint.sim.training.replay": ("Trajectory", "replay"),
    "feint.sim.training.stage": ("Stage",),
    "feint.sim.sweeps.study": ("Study",),
    "feint.sim.ensembles.streaming_summary": ("Summary",),
    "feint.sim.sweeps.sweep": ("Sweep", "sweep"),
    "feint.sim.training.train": ("advance", "begin", "enter", "train"),
    "feint.verbs": (
        "argue",
        "audit",
        "auditors",
        "counting",
        "crux",
        "fit",
        "map",
        "parameters",
        "power",
        "regenerate",
        "regions",
        "scenario",
        "sensitivity",
        "share",
        "why",
        "why_run",
        "worldviews",
    ),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "TYPES",
    "Belief",
    "Boundary",
    "Claim",
    "Comparison",
    "Curriculum",
    "Ensemble",
    "InputError",
    "Match",
    "MesaOptimizer",
    "Model",
    "Outcome",
    "Part",
    "Rare",
    "Screen",
    "Stage",
    "State",
    "Study",
    "Summary",
    "Sweep",
    "Trajectory",
    "advance",
    "argue",
    "audit",
    "auditors",
    "begin",
    "boundary",
    "compare",
    "counting",
    "crux",
    "enter",
    "fit",
    "from_scratch",
    "load",
    "load_claim",
    "map",
    "parameters",
    "power",
    "pretrain_finetune",
    "rare",
    "read",
    "regenerate",
    "regions",
    "register",
    "replay",
    "scenario",
    "screen",
    "sensitivity",
    "share",
    "simulate",
    "summarize",
    "sweep",
    "train",
    "view",
    "why",
    "why_run",
    "worldviews",
]


__version__ = VERSION


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'feint' has no attribute {name!r}")
    value = getattr(import_module(_ROOM_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
