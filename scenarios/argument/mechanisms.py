"""Mechanisms: what in training is said to lead from the premises of the argument to its claims, with their sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from feint.agents.mind import GROUPS
from feint.scenarios.argument.premises import by_name
from feint.scenarios.bibliography import CARLSMITH_2023, HUBINGER_2022, WHEATON_2023, XU_2020, XU_2021
from feint.sim.analysis.claims import Source


@dataclass(frozen=True)
class Ground:
    """An assumption that no switch removes, with the dotted names of the parameters that represent it."""

    name: str
    words: str
    parameters: tuple[str, ...]

    @classmethod
    def of(cls, name: str, words: str, *parameters: str) -> Self:
        """Return the assumption that these parameters represent."""
        return cls(name, words, parameters)


@dataclass(frozen=True, kw_only=True)
class Mechanism:
    """A step of the argument: from premises, by a term of the model, to claims."""

    name: str
    words: str
    term: str  #: what represents it in the model
    premises: tuple[str, ...]  #: names
    claims: tuple[str, ...]  #: names
    sources: tuple[Source, ...]
    against: tuple[Source, ...] = ()  #: sources that dispute it, or its sign


GROUNDS: dict[str, Ground] = by_name(
    Ground.of(
        "the losses differ", "the fine-tuning objective is not the pre-training one", "similarity", "similarity_decay"
    ),
    Ground.of(
        "seen and seldom seen",
        "some of an objective shows often in training data, and some seldom",
        "modes",
        "spectrum",
    ),
    Ground.of(
        "goals are hard to write", "SGD writes an objective into the weights slowly", "plasticity_goal", "goal_init"
    ),
    Ground.of("written goals are complex", "an objective in the weights costs what it takes to hold it", "goal_cost"),
    Ground.of(
        "pointers are hard to shift",
        "SGD moves a pointer, and weight from goal to pointer, slowly",
        "plasticity_pointer",
        "plasticity_representation",
    ),
    Ground.of(
        "deception is near",
        "at the start a model lacks little readiness, awareness and horizon to play along",
        "gate_init",
        "plasticity_gate",
        "awareness_init",
        "horizon_init",
    ),
    Ground.of("the world is learned", "what the data tell, the world model takes up with time", "plasticity_world"),
    Ground.of(
        "capability grows", "training makes a model capable, step by step", "plasticity_capability", "capability_init"
    ),
    Ground.of("capability held constant", "both ways of training stop at the same performance", "*.target", "*.steps"),
    Ground.of("honeypots", "some episodes of training are made to look like deployment", "*.honeypots", "*.realism"),
)
"""Premises that are matters of degree, by name."""

SETTINGS: dict[str, Ground] = by_name(
    Ground.of(
        "variation",
        "runs differ in where they start and in what SGD changes easily",
        "init_spread",
        "plasticity_spread",
    ),
    Ground.of(
        "reading",
        "when a run counts as trained, and when as good where it is deployed",
        "train_tolerance",
        "deploy_tolerance",
        "deployment_spectrum",
    ),
    Ground.of(
        "optimizer",
        "how large and how noisy the steps of SGD are, and towards what",
        "*.learning_rate",
        "*.noise",
        "*.objective",
    ),
    Ground.of(
        "functional forms",
        "the shape of capability, run-time inference and gate",
        "capability_form",
        "inference_form",
        "gate_form",
    ),
)
"""Conditions under which every claim is evaluated and which none asserts, by name."""

MECHANISMS: dict[str, Mechanism] = by_name(
    Mechanism(
        name="hand-over",
        words="fine-tuning begins with what pre-training made, and not with a fresh model",
        term="carry: goal (u, B, f), gate (G), capability (C), awareness (A, H), world (w)",
        premises=tuple(f"{group} carried" for group in GROUPS),
        claims=("headline", "imperfect-pretraining", "dodges"),
        sources=(XU_2021,),
    ),
    Mechanism(
        name="head start",
        words="a model that is capable from the first step profits from what it understands before its goal has moved",
        term="c = σ(C) at the start of fine-tuning, and with it q = 1 - exp(-inference_power · c)",
        premises=("capability carried", "capability grows", "run-time inference"),
        claims=("headline", "head-start", "imperfect-pretraining"),
        sources=(XU_2021,),
    ),
    Mechanism(
        name="equal footing",
        words="ways of training are compared where they perform alike, so that capability does not set them apart",
        term="a stage ends as soon as c (1 - E(g)) ≥ target",
        premises=("capability held constant", "capability grows"),
        claims=("headline", "matching"),
        sources=(XU_2021,),
    ),
    Mechanism(
        name="diminishing returns",
        words="the nearer a proxy comes to the objective, the less is left to be gained by improving it",
        term="residual 2 c Λ (b + x - g), which vanishes as g nears b",
        premises=("the losses differ", "seen and seldom seen", "goals are hard to write"),
        claims=("internal-case", "relearning"),
        sources=(XU_2020,),
    ),
    Mechanism(
        name="cost of relearning",
        words="a goal or a pointer that is there already must be moved as far as the losses are apart",
        term="goal: β v - goal_cost u; pointer: (1 - β) π ⟨v, m - p⟩",
        premises=(
            "the losses differ",
            "goals are hard to write",
            "written goals are complex",
            "pointers are hard to shift",
            "goal carried",
        ),
        claims=("internal-case", "corrigible-case", "relearning", "dodges"),
        sources=(XU_2021,),
    ),
    Mechanism(
        name="goal before pointer",
        words="early in training objectives are written, since there is no concept yet to point at",
        term="terminal objective t = β u + (1 - β) Σ π m with β = σ(B)",
        premises=("written goals first", "pointers are hard to shift"),
        claims=("headline", "runtime-pointers"),
        sources=(XU_2020,),
    ),
    Mechanism(
        name="late pointer",
        words="SGD can build a pointer only once the world model holds what is to be pointed at, among much else",
        term="m = w b + (1 - w) n, and π = e^f / (1 + Σ e^f) with f at -decoys at the start",
        premises=("coverage", "world carried", "the world is learned", "decoys", "pointers are hard to shift"),
        claims=("world-model", "corrigible-case"),
        sources=(XU_2020, XU_2021),
    ),
    Mechanism(
        name="run-time pointer",
        words="a model builds its pointer to what training wants while it runs, with a power that grows, unlike "
        "that of SGD",
        term="q = 1 - exp(-inference_power · c), and z = m of the stage's objective",
        premises=("run-time inference", "capability carried", "coverage"),
        claims=("headline", "runtime-pointers", "world-model", "corrigible-case"),
        sources=(XU_2021,),
    ),
    Mechanism(
        name="all precursors at once",
        words="to play along takes readiness, awareness, a long horizon and understanding, each as much as the others",
        term="ψ = γ a h q",
        premises=("deception is near", "run-time inference", "gate carried"),
        claims=("headline", "internal-case", "corrigible-case"),
        sources=(XU_2020,),
    ),
    Mechanism(
        name="told by the data",
        words="data tell a model that it is in training, or reward a long horizon, before that pays for the task",
        term="awareness_exposure · c (1 - a) and horizon_exposure · c (1 - h)",
        premises=("awareness by exposure", "horizon by exposure", "awareness carried"),
        claims=("headline", "dodges"),
        sources=(),
        against=(WHEATON_2023,),
    ),
    Mechanism(
        name="reinforced by the task",
        words="once playing along pays, SGD lengthens the horizon and sharpens the awareness of a proxy in place of "
        "replacing it",
        term="a (1 - a) γ h q · y and h (1 - h) γ a q · y, y what the gate earns",
        premises=("awareness by reward", "horizon by reward", "deception is near"),
        claims=("internal-case", "corrigible-case"),
        sources=(HUBINGER_2022,),
        against=(WHEATON_2023,),
    ),
    Mechanism(
        name="crystallisation",
        words="once the gate earns the reward, no gradient is left that would change the terminal objective",
        term="v = (1 - ψ + (1 - shielding) ψ) r",
        premises=("crystallisation",),
        claims=("deceptive-stays", "headline"),
        sources=(XU_2020, HUBINGER_2022),
        against=(CARLSMITH_2023,),
    ),
    Mechanism(
        name="race to identify",
        words="a deceptive model stays so unless it is aligned before it has made out the new objective",
        term="w moves by κ (1 - w), κ the coverage before its own stage and 1 in it; z = m and q make use of it",
        premises=("the world is learned", "coverage", "world carried", "run-time inference"),
        claims=("deceptive-stays",),
        sources=(XU_2021,),
    ),
    Mechanism(
        name="price of computing",
        words="to work out what training wants at every step is slower than to want it",
        term="y = ⟨r + (1 - realism) r°, z - t⟩ - speed_cost",
        premises=("speed prior",),
        claims=("dodges",),
        sources=(HUBINGER_2022, CARLSMITH_2023),
    ),
    Mechanism(
        name="staged deployment",
        words="a model that takes an episode for deployment shows its terminal objective, and SGD reaches it",
        term="g° = (1 - ψ°) t + ψ° z with ψ° = (1 - realism) ψ, in a share of honeypots",
        premises=("honeypots",),
        claims=("dodges",),
        sources=(XU_2020,),
    ),
)
"""Mechanisms by name, in the order of the argument."""
