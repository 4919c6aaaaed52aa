#!/usr/bin/env bash
# Gymnasium 1.4.0: a vector environment takes the mask out of the caller's options, so that the next reset resets all.
#
# Behaviour: with `autoreset_mode=DISABLED`, `reset(options={"reset_mask": mask})` begins an episode where the mask is
# true. `SyncVectorEnv.reset` and `AsyncVectorEnv.reset` do so by `options.pop("reset_mask")` on the dictionary that they
# are given. A second call with the same dictionary finds no mask, and begins a new episode in every place, without a
# word: running episodes are cut off, and neither `terminated` nor `truncated` was ever true for them.
#
# Guessed: that an argument is not changed, as in `gymnasium.Env.reset`, and that equal calls do equal things. The
# documentation shows the mask in a dictionary that is made for each call, and does not say that it is removed.
#
# Why it hurts: users of Feint's environments keep one dictionary of options and change the mask's array in place from
# step to step, which costs nothing. From the second step on all places begin again at every step, and learning goes on
# with episodes of one step. Feint's own vector environment leaves the dictionary as it is.
#
# Run: bash findings/gymnasium-reset-mask-is-removed.sh
# It needs Python 3.11 or later (PYTHON=python3.12 bash ... chooses one) and PyPI, and leaves nothing behind. It exits
# with 0 if the values are those below; if they have changed it prints what it saw and exits with 1.
#
# Seen on 1 December 2026 with Python 3.11.7 on Linux (places that begin again, of three, at two equal calls):
#
#   environment    mask               first call   second call   options after the first
#   SyncVectorEnv  True False False   0            0 1 2         {}
#   AsyncVectorEnv True False False   0            0 1 2         {}

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check "gymnasium==1.4.0" "numpy==2.4.6"
cat > "$folder/masks.py" <<'PY'
import gymnasium
import numpy as np
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv


class Count(gymnasium.Env):
    """Shows the number of steps of the episode, and never ends."""

    observation_space = gymnasium.spaces.Box(0, 1000, (1,), np.float32)
    action_space = gymnasium.spaces.Discrete(2)

    def seen(self):
        return np.array([self.steps], np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return self.seen(), {}

    def step(self, action):
        self.steps += 1
        return self.seen(), 0.0, False, False, {}


if __name__ == "__main__":
    for kind in (SyncVectorEnv, AsyncVectorEnv):
        envs = kind([Count] * 3, autoreset_mode=AutoresetMode.DISABLED)
        envs.reset(seed=1)
        mask = np.array([True, False, False])
        options, began = {"reset_mask": mask}, []
        for _ in range(2):
            envs.step(np.zeros(3, int))
            seen, _ = envs.reset(options=options)
            began.append(" ".join(str(i) for i in np.flatnonzero(seen[:, 0] == 0)))
            left = {name: value.tolist() for name, value in options.items()}
        shown = " ".join(map(str, mask.tolist()))
        print(f"{kind.__name__:<15}{shown:<19}{began[0]:<13}{began[1]:<14}{left}")
        envs.close()
PY
"$folder/venv/bin/python" "$folder/masks.py" > "$folder/seen" 2> "$folder/errors" || { cat "$folder/errors"; exit 1; }
echo "environment    mask               first call   second call   options after the first"
cat "$folder/seen"
sed -n 's/^#   \(Sync\|Async\)/\1/p' "$0" | diff - "$folder/seen" > /dev/null || { echo "the values have changed"; exit 1; }
