"""What compiles anew when a parameter changes, counted in a process of its own: `python recompiling.py`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

OTHER_ARGUMENTS: tuple[dict[str, Any], ...] = (
    {"runs": 300},
    {"seed": 2**63},
    {"threads": 2},
    *({"start": start} for start in ("internal", "corrigible", "deceptive")),
    *({"match": match} for match in ("ceiling", "steps", "total-steps")),
)


def counted() -> dict[str, int]:
    """How many parameters were changed, how many kernels that asked for anew, and how many another form asks for."""
    return json.loads(subprocess.run([sys.executable, __file__], check=True, capture_output=True, text=True).stdout)


def main() -> None:
    """Change everything but the functional forms and the number of objectives, which are compiled in."""
    from numba.core import event

    from feint.agents.model import Model
    from feint.sim.training.stage import Stage

    compared()
    compared(model=Model(grader=0.0))  # a form of its own, which values of this parameter choose
    before = overloads()
    calls = [*changes_of(Model, lambda change: compared(model=Model(**change)))]
    calls += changes_of(Stage, compared)
    calls += [("arguments", partial(compared, None, **each)) for each in OTHER_ARGUMENTS]
    with event.install_recorder("numba:compile") as compiled:
        for _, call in calls:
            call()
    anew = overloads() - before
    compared(model=Model(capability_form="linear"))
    found = {
        "parameters": len({name for name, _ in calls} - {"arguments"}),
        "changes": len(calls),
        "kernels anew": anew,
        "compilations": len(compiled.buffer),
        "kernels anew for another form": overloads() - before - anew,
    }
    print(json.dumps(found))


def compared(finetuning: dict[str, Any] | None = None, **arguments: Any) -> None:
    """Compare few runs that take few steps."""
    from feint.sim.ensembles.comparison import compare
    from feint.sim.training.curriculum import pretrain_finetune

    stages = pretrain_finetune({"steps": 3}, {"steps": 3, **(finetuning or {})})
    compare(stages, **{"runs": 8, "threads": 1, **arguments})


def changes_of(declared: Any, call: Callable[[dict[str, Any]], None]) -> Iterator[tuple[str, Callable[[], None]]]:
    """A call for each value that is tried of each parameter; of real ones also whole values, and the prior's ends."""
    for name, known in declared.parameters().items():
        if known.choices:
            continue
        whole = isinstance(known.default, int)
        other = 1 - known.default if name == "objective" else known.default + 1
        for value in [other] if whole else [0, 0.25, 1, 1.0, *(known.prior or ())]:
            low, high = known.valid
            if (low is None or low <= value) and (high is None or value <= high):
                yield name, partial(call, {name: value})
    if "carry" in declared.model_fields:
        yield "carry", partial(call, {"carry": ("goal", "world")})
        yield "carry", partial(call, {"carry": ()})


def overloads() -> int:
    """How many compiled forms there are of Feint's kernels, whether compiled here or loaded."""
    from numba.core.dispatcher import Dispatcher

    modules = [module for name, module in sys.modules.items() if name.startswith("feint.") and ".kernels." in name]
    found = {id(each): each for module in modules for each in vars(module).values() if isinstance(each, Dispatcher)}
    return sum(len(each.overloads) for each in found.values())


if __name__ == "__main__":
    main()
