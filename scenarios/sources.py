"""What claims, premises and readings come from."""

from feint.sim.claims import Source

XU_2020 = Source(
    key="xu2020does",
    author="Xu, Mark",
    title="Does SGD Produce Deceptive Alignment?",
    year=2020,
    where="https://markxu.com/deceptive-alignment",
)
XU_2021 = Source(
    key="xu2021pretraining",
    author="Xu, Mark",
    title="Pre-Training + Fine-Tuning Favors Deception",
    year=2021,
    where="https://alignmentforum.org/posts/rZTjsKy4Jvu6krWJt/pre-training-fine-tuning-favors-deception",
)
