"""Environments for Gymnasium: an agent that is trained, and an overseer that trains.

`import feint.sim.environments` registers them. Without that import,
`gymnasium.make("feint.sim.environments:feint/TwoExits-v0")` does, since Gymnasium does not search for environments.
"""

import gymnasium

ENVIRONMENTS: dict[str, str] = {
    "feint/Overseer-v0": "feint.sim.environments.overseer:Overseer",
    "feint/RSA2048-v0": "feint.sim.environments.rsa2048:RSA2048",
    "feint/TwoExits-v0": "feint.sim.environments.two_exits:TwoExits",
}
"""Id of each environment → its class."""

VECTORS: dict[str, str] = {
    "feint/Overseer-v0": "feint.sim.environments.overseer:Overseers",
}
"""Id of an environment → the class of many of it at once."""


def register() -> None:
    """Register every environment with Gymnasium, once."""
    for name, place in ENVIRONMENTS.items():
        if name not in gymnasium.registry:
            gymnasium.register(id=name, entry_point=place, vector_entry_point=VECTORS.get(name))


register()
