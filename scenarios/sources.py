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
HUBINGER_2022 = Source(
    key="hubinger2022likely",
    author="Hubinger, Evan",
    title="How likely is deceptive alignment?",
    year=2022,
    where="https://www.alignmentforum.org/posts/A9NxPTwbw6r6Awuwt/how-likely-is-deceptive-alignment",
)
WHEATON_2023 = Source(
    key="wheaton2023deceptive",
    author="Wheaton, David",
    title="Deceptive Alignment is <1% Likely by Default",
    year=2023,
    where="https://www.greaterwrong.com/posts/RTkatYxJWvXR4Qbyd/deceptive-alignment-is-less-than-1-likely-by-default",
)
CARLSMITH_2023 = Source(
    key="carlsmith2023scheming",
    author="Carlsmith, Joe",
    title="Scheming AIs: Will AIs fake alignment during training in order to get power?",
    year=2023,
    where="https://arxiv.org/abs/2311.08379",
)
BELROSE_POPE_2024 = Source(
    key="belrose2024counting",
    author="Belrose, Nora and Pope, Quintin",
    title="Counting arguments provide no evidence for AI doom",
    year=2024,
    where="https://optimists.ai/2024/02/27/counting-arguments-provide-no-evidence-for-ai-doom/",
)

SOURCES = {
    source.key: source for source in (XU_2020, XU_2021, HUBINGER_2022, WHEATON_2023, CARLSMITH_2023, BELROSE_POPE_2024)
}
"""By key."""
