"""A type of mesa-optimizer of one's own: a deceiver whose gate is not as far open, so that it hesitates."""

import numpy as np

import feint


class Hesitant(feint.MesaOptimizer):
    """Deceptively aligned, with a gate at log-odds 2.5 in place of 4."""

    name = "hesitant"
    outcome = feint.Outcome.DECEPTIVE

    def settle(self, state: feint.State) -> dict[str, np.ndarray]:
        """Return the parts of a deceiver, with a gate of its own."""
        parts = feint.TYPES["deceptive"].settle(state)
        return {**parts, "gate": np.full(len(state), 2.5)}


feint.register(Hesitant())

if __name__ == "__main__":
    for start in ("deceptive", "hesitant"):
        ended = feint.simulate(feint.from_scratch(), start=start, runs=500, seed=1)
        print(f"{start}: {ended.frequency('deceptive'):.3f} are deceptive after fine-tuning")
