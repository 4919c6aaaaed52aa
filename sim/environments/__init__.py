"""Environments for Gymnasium: an agent that is trained, and an overseer that trains.

`import feint.sim.environments` registers them. Without that import,
`gymnasium.make("feint.sim.environments:feint/TwoExits-v0")` does, since Gymnasium does not search for environments.
"""

import gymnasium

ENVIRONMENTS: dict[str, str] = {
    "feint/Overseer-v0": "feint.sim.environments.overseer:Overseer",
    "feint/RSA2048-v0": "feint.sim.environments.life:RSA2048",
    "feint/TwoExits-v0": "feint.sim.environments.life:TwoExits",
}
"""Id of each environment → its class."""

VECTORS = {"feint/Overseer-v0": "feint.sim.environments.overseer:Overseers"}
"""Id of an environment → the class of many of it at once."""

for _name, _place in ENVIRONMENTS.items():
    if _name not in gymnasium.registry:
        gymnasium.register(id=_name, entry_point=_place, vector_entry_point=VECTORS.get(_name))
