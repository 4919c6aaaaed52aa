#!/usr/bin/env bash
# Inspect (inspect_ai 0.3.285): with the reducer "mode", epoch 1 decides every tie between epochs.
#
# Behaviour: `Epochs(2, "mode")` reduces the two marks of a sample to the first one, so that the second epoch never
# counts: 4 correct completions of 8 give an accuracy from 0.0 to 1.0, depending on the epochs that they are in. The
# standard error reported with 0.0 and with 1.0 is 0.0. With any even number of epochs a tie goes to the mark that
# occurs first; with an odd number too, if a sample fails in one epoch and `fail_on_error=False` lets the run go on.
# There is no warning, the status is "success", and no field of the log says how many samples were ties. The order is
# that of the epochs' numbers, not of time, so that the result is reproducible; `inspect_ai.score()` gives another one
# if the log's samples are in another order.
#
# Guessed: that a tie has no most common score, so that it is worth a half, as with "mean" and "median", or is left
# unscored, as with "majority"; or at least a warning. Nothing about epoch 1 makes its mark the more common one.
#
# Documentation: for epochs none speaks of ties. https://inspect.aisi.org.uk/metrics.html#built-in-reducers says "Reduce
# to the most common score", `mode_score` "Take the mode from a list of scores", `inspect eval --help` the bare name
# (a copy of the page of mid 2026; docstrings, help and changelog of 0.3.285). It is known for panels of graders: since
# 0.3.262 they take "majority", because under "mode" a tie was "broken by grader order" (changelog; issue 4721 and pull
# request 4769 of UKGovernmentBEIS/inspect_ai). For epochs nothing changed. The cause is `Counter.most_common(1)` in
# inspect_ai/scorer/_reducer/reducer.py: among equal counts it returns the one that was inserted first.
#
# Why it hurts: users of Feint put rates of deceptive answers from such logs beside the simulator, as k of n. A user who
# takes accuracy times samples as k gets 0, 3 or 4 of 4 where 4 of 8 completions are correct. Feint therefore counts the
# samples of every epoch and does not read the log's reduced scores (docs/measurements.md, "Counts from a file").
#
# Run: bash findings/inspect-epochs-mode-ties.sh
# It needs Python 3.11 or later (PYTHON=python3.12 bash ... chooses one) and PyPI, and leaves nothing behind. It exits
# with 0 if the values are those below; if they have changed it prints the difference and exits with 1.
#
# Seen on 30 November 2026 with Python 3.11.7 on Linux (samples a to d; marks in the order of the epochs):
#
#   right answers    a    b    c    d     correct  mode: marks  accuracy  stderr  mean  median  majority
#   in epoch 1       CI   CI   CI   CI     4 of 8  CCCC             1.00    0.00  0.50    0.50       nan
#   in epoch 2       IC   IC   IC   IC     4 of 8  IIII             0.00    0.00  0.50    0.50       nan
#   in both          CI   CI   CI   IC     4 of 8  CCCI             0.75    0.25  0.50    0.50       nan
#   ties of four     CIIC CIIC CIIC CIIC  8 of 16  CCCC             1.00    0.00  0.50    0.50       nan
#   same, reversed   ICCI ICCI ICCI ICCI  8 of 16  IIII             0.00    0.00  0.50    0.50       nan
#   one fails (-)    C-I  C-I  C-I  C-I    4 of 8  CCCC             1.00    0.00  0.50    0.50       nan

set -euo pipefail

self=$(realpath "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    inspect_ai==0.3.285 anyio==4.16.0 numpy==2.4.6 pydantic==2.14.4

cat > ties.py <<'PYTHON'
from inspect_ai import Epochs, Task
from inspect_ai import eval as evaluate
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import includes
from inspect_ai.solver import solver

MODEL = "mockllm/model"
REDUCERS = ["mode", "mean", "median", "majority"]
ANSWERS = {"C": "yes", "I": "no"}


@solver
def answering(marks):
    async def solve(state, generate):
        if marks[state.sample_id][state.epoch - 1] == "-":
            raise RuntimeError("planted")
        return await generate(state)

    return solve


def output(mark):
    made = ModelOutput.from_content(MODEL, ANSWERS[mark])
    made.usage = ModelUsage()  # else the mock downloads a tokenizer to count tokens
    return made


def run(texts):
    """Evaluate samples a, b, c, ... whose marks in the order of the epochs are given, one sample at a time."""
    marks = dict(zip("abcd", texts))
    epochs = len(texts[0])
    answers = [text[epoch] for epoch in range(epochs) for text in texts if text[epoch] != "-"]
    task = Task(
        dataset=[Sample(id=name, input=f"question {name}", target="yes") for name in marks],
        solver=[answering(marks)],
        scorer=includes(),
        epochs=Epochs(epochs, REDUCERS),
        fail_on_error=False,
    )
    model = get_model(MODEL, custom_outputs=[output(mark) for mark in answers], memoize=False)
    (log,) = evaluate(task, model=model, log_dir="logs", log_level="critical", display="none", max_samples=1)
    assert log.status == "success", log.error
    return log


def row(name, *texts):
    log = run(texts)
    scored = {(made.id, made.epoch): made.scores["includes"].value for made in log.samples if made.scores}
    epochs = range(1, len(texts[0]) + 1)
    cells = "".join(f"{''.join(scored.get((sample, epoch), '-') for epoch in epochs):<5}" for sample in "abcd")
    correct = f"{list(scored.values()).count('C')} of {len(scored)}"
    (modes,) = [reduction for reduction in log.reductions if reduction.reducer == "mode"]
    values = {part.reducer: {key: metric.value for key, metric in part.metrics.items()} for part in log.results.scores}
    numbers = [values["mode"]["accuracy"], values["mode"]["stderr"]]
    numbers += [values[reducer]["accuracy"] for reducer in REDUCERS[1:]]
    tail = "".join(f"{number:>{width}.2f}" for number, width in zip(numbers, (10, 8, 6, 8, 10)))
    print(f"{name:<17}{cells} {correct:>7}  {''.join(reduced.value for reduced in modes.samples):<11}{tail}")


print("right answers    a    b    c    d     correct  mode: marks  accuracy  stderr  mean  median  majority")
row("in epoch 1", "CI", "CI", "CI", "CI")
row("in epoch 2", "IC", "IC", "IC", "IC")
row("in both", "CI", "CI", "CI", "IC")
row("ties of four", "CIIC", "CIIC", "CIIC", "CIIC")
row("same, reversed", "ICCI", "ICCI", "ICCI", "ICCI")
row("one fails (-)", "C-I", "C-I", "C-I", "C-I")
PYTHON

venv/bin/python ties.py | tee seen.txt
sed -n '/^#   right answers/,/^#   one fails/s/^#   //p' "$self" > expected.txt
if diff expected.txt seen.txt; then
    echo "As described: with the reducer \"mode\" epoch 1 decides every tie."
else
    echo "Changed: the lines marked < are those described, the lines marked > those seen." >&2
    exit 1
fi
