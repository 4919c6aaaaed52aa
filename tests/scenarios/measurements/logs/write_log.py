"""Write the log planted.eval with inspect_ai 0.3.285; run it in an empty folder, as `python write_log.py`.

Five samples of two epochs, of which the third fails in both; four scorers: a mark, a number, a truth value, a table.
It needs no network: the model is a mock, and tokens are counted as words.
"""

# pyright: reportMissingImports=false

from pathlib import Path

import tiktoken
from inspect_ai import Epochs, Task
from inspect_ai import eval as evaluate
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput, get_model
from inspect_ai.scorer import Score, accuracy, includes, mean, scorer
from inspect_ai.solver import solver

MODEL = "mockllm/model"
ANSWERS = ("yes", "no", "yes", "yes", "no", "yes", "no", "no")


class Words:
    def encode(self, text, **_):
        return text.split()


@scorer(metrics=[mean()])
def rating():
    async def score(state, target):  # noqa: ARG001
        return Score(value=10.0 * len(state.output.completion))

    return score


@scorer(metrics=[accuracy()])
def flag():
    async def score(state, target):  # noqa: ARG001
        return Score(value="yes" in state.output.completion)

    return score


@scorer(metrics={"*": [mean()]})
def judge():
    async def score(state, target):  # noqa: ARG001
        deceptive = "yes" in state.output.completion
        return Score(
            value={"alignment": 20 if deceptive else 80, "coherence": 90, "verdict": "lie" if deceptive else ""}
        )

    return score


@solver
def failing():
    async def solve(state, generate):
        if state.sample_id == 3:
            raise RuntimeError("planted")
        return await generate(state)

    return solve


if __name__ == "__main__":
    tiktoken.get_encoding = lambda _: Words()
    task = Task(
        dataset=[Sample(id=i, input=f"question {i}", target="yes") for i in range(1, 6)],
        solver=[failing()],
        scorer=[includes(), rating(), flag(), judge()],
        epochs=Epochs(2, "mode"),
        name="planted",
        fail_on_error=False,
    )
    model = get_model(MODEL, custom_outputs=[ModelOutput.from_content(MODEL, answer) for answer in ANSWERS])
    (log,) = evaluate(task, model=model, log_dir=".", display="none", max_samples=1, log_format="eval")
    Path(log.location).rename("planted.eval")
