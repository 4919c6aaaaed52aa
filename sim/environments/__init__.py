"""Environments for Gymnasium: being trained, and training.

`import feint.sim.environments` registers them; without it, `gymnasium.make("feint.sim.environments:feint/TwoExits-v0")`
does, for Gymnasium looks for no environments of its own accord.
"""

import gymnasium

ENVIRONMENTS: dict[str, str] = {
    "feint/Overseer-v0": "feint.sim.environments.overseer:Overseer",
    "feint/RSA2048-v0": "feint.sim.environments.rsa2048:RSA2048",
    "feint/TwoExits-v0": "feint.sim.environments.two_exits:TwoExits",
}
"""Where each environment is made, by its id."""

VECTORS: dict[str, str] = {
    "feint/Overseer-v0": "feint.sim.environments.vector_env:Overseers",
}
"""Where many of one are made at once, of those that have a form of their own for it."""


def register() -> None:
    """Make every environment known to Gymnasium, once."""
    for name, place in ENVIRONMENTS.items():
        if name not in gymnasium.registry:
            gymnasium.register(id=name, entry_point=place, vector_entry_point=VECTORS.get(name))


register()
