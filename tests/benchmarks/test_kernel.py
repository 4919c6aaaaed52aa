"""What a run-step of the kernel costs on one core: precisions, honeypots and other forms beside the default."""

from functools import partial

import pytest
from studies import noise

from benchmarks.interleaved import interleaved
from feint.agents.mind import CAPABILITY_FORMS, GATE_FORMS, INFERENCE_FORMS
from feint.agents.model import KNOWN_AT_ONCE, Model
from feint.sim.training.stage import Stage
from feint.sim.training.train import advance, begin, enter

RUNS = 1024
DEFAULT = "single"
LONG = Stage(objective=1, steps=2047, target=1.0)  # of performance, which no run reaches
WATCHED = LONG.replace(honeypots=0.1, realism=0.5)
FORMS = {
    **{f"capability {form}": Model(capability_form=form) for form in CAPABILITY_FORMS[1:]},
    **{f"inference {form}": Model(inference_form=form) for form in INFERENCE_FORMS[1:]},
    **{f"gate {form}": Model(gate_form=form) for form in GATE_FORMS[1:]},
    "known at once": Model(identification=KNOWN_AT_ONCE),
    "version 1": Model(identification=KNOWN_AT_ONCE, inference_form="exponential"),
    "grader": Model(grader=0.0),
}


def training(model=None, stage=LONG, precision="single", advance=advance):
    """A function that trains runs to the last step and returns how many run-steps that took."""
    entered = enter(begin(model, runs=RUNS, seed=1), stage)

    def trained():
        return int(advance(entered, stage, stage.steps, precision=precision).taken.sum())

    assert trained() == RUNS * stage.steps
    return trained


@pytest.mark.benchmark(group="kernel")
def test_kernel(benchmark, rounds):
    kinds = {
        DEFAULT: training(),
        "double": training(precision="double"),
        "single, honeypots": training(stage=WATCHED),
        "double, honeypots": training(stage=WATCHED, precision="double"),
        **{name: training(model) for name, model in FORMS.items()},
        "three-valued noise": training(advance=partial(noise.on_three_values, advance, drawn=noise.from_words)),
    }
    timings = benchmark.pedantic(partial(interleaved, kinds, rounds), rounds=1)
    benchmark.extra_info["ns per run-step"] = timings.medians()
    benchmark.extra_info["times single"] = timings.ratios(DEFAULT)
    print("\nns per run-step, times single")
    for name, cost in timings.medians().items():
        print(f"  {name:24} {cost:10.1f} {timings.ratio(name, DEFAULT):8.2f}")
