"""Pruning: which few units, taken away, bring back what fine-tuning hid."""

from __future__ import annotations

import numpy as np

from feint.sim.networks.kernels.mlp import losses_without
from feint.sim.networks.network import Network, whole
from feint.sim.networks.strings import Strings

MOST = 8  #: units that are pruned at most


def pruned(network: Network, chosen_on: Strings, most: int = MOST) -> np.ndarray:
    """Which units stay (2, width) when up to `most` are pruned, one by one.

    Each time it is the unit, of either hidden layer, without which the loss on `chosen_on` is least; it ends early
    where none lowers the loss. After Jain et al. (2024), who prune neurons by their effect on the loss.
    """
    kept, losses, least = whole(network.width), np.empty((2, network.width)), np.inf
    for _ in range(most):
        args = kept, chosen_on.active, chosen_on.answers
        losses_without(network.theta, network.width, *args, losses)
        losses[kept == 0] = np.inf
        place = np.unravel_index(losses.argmin(), losses.shape)
        if losses[place] >= least:
            break
        least, kept[place] = losses[place], 0
    return kept
