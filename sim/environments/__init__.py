"""Environments for Gymnasium: being trained, and training.

Gymnasium finds them where Feint is installed; `import feint.sim.environments` registers them anywhere.
"""

import gymnasium

ENVIRONMENTS: dict[str, str] = {}
"""Where each environment is made, by its id."""


def register() -> None:
    """Make every environment known to Gymnasium, once."""
    for name, place in ENVIRONMENTS.items():
        if name not in gymnasium.registry:
            gymnasium.register(id=name, entry_point=place)


register()
