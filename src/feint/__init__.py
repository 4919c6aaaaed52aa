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
    from feint.agents.views import Belief as Belief
    from feint.agents.views import view as view
    from feint.sim.analysis.boundary import Boundary as Boundary
    from feint.sim.analysis.boundary import boundary as boundary
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

_ROOMS = {
    "feint.agents.errors": ("InputError",),
    "feint.agents.model": ("Model",),
    "feint.agents.outcome": ("Outcome", "read"),
    "feint.agents.state": ("State",),
    "feint.agents.types": ("TYPES",),
    "feint.agents.views": ("Belief", "view"),
    "feint.sim.analysis.boundary": ("Boundary", "boundary"),
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
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "TYPES",
    "Belief",
    "Boundary",
    "Comparison",
    "Curriculum",
    "Ensemble",
    "InputError",
    "Match",
    "Model",
    "Outcome",
    "Rare",
    "Screen",
    "Stage",
    "State",
    "Study",
    "Summary",
    "Sweep",
    "Trajectory",
    "advance",
    "begin",
    "boundary",
    "compare",
    "enter",
    "from_scratch",
    "load",
    "pretrain_finetune",
    "rare",
    "read",
    "replay",
    "screen",
    "simulate",
    "summarize",
    "sweep",
    "train",
    "view",
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
