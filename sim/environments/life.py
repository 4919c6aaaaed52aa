"""A life of training and then deployment, as an agent lives it whose objective may be modified on the way."""

from __future__ import annotations

from typing import Any, Protocol

from pydantic import field_validator

from feint.agents.parameters import Declared, parameter

RISKS = "Hubinger et al., Risks from Learned Optimization (2019), section 4"
OWN = "this model"
TRAINING, DEPLOYED = 0, 1  #: what a cue shows
MOST_EPISODES = 1000

Outcomes = list[tuple[float, Any, float, bool]]
"""What may come of an action: probability, next state (None at the end of life), own reward, whether B was taken."""


class Process(Protocol):
    """A decision process of few states: its dynamics, from which the environment draws and exact solutions are made."""

    actions: int

    @property
    def states(self) -> list[Any]:
        """All states."""
        ...

    def starts(self) -> list[tuple[float, Any]]:
        """The first states, each with its probability."""
        ...

    def outcomes(self, state: Any, action: int) -> Outcomes:
        """What may come of an action in a state."""
        ...


class Life(Declared):
    """Numbers of a life; frozen and keyword-only. Raises `InputError` for what is not valid."""

    training: int = parameter(
        2, valid=(0, MOST_EPISODES), meaning="episodes of training, T", unit="episodes", argument="life", source=RISKS
    )
    deployment: int = parameter(
        6,
        valid=(1, MOST_EPISODES),
        meaning="episodes of deployment after it, D",
        unit="episodes",
        argument="life",
        source=RISKS,
    )
    discount: float = parameter(
        0.9,
        valid=(0.0, 1.0),
        meaning="what an episode is worth against the one before it, δ; 0: only this one counts",
        unit="factor",
        argument="horizon",
        source=RISKS,
    )
    strength: float = parameter(
        0.5,
        valid=(0.0, 1.0),
        meaning="how far one B in training modifies it, μ; 0, or one part of a whole number of parts",
        unit="fraction",
        argument="modification",
        source=RISKS,
    )
    cue_reliability: float = parameter(
        1.0,
        valid=(0.5, 1.0),
        meaning="how often the cue of an episode is right, unless it is a honeypot, ρ",
        unit="probability",
        argument="awareness",
        source=OWN,
    )
    honeypots: float = parameter(
        0.0,
        valid=(0.0, 1.0),
        meaning="how often an episode of training is a honeypot, which shows the cue of deployment, o",
        unit="probability",
        argument="honeypots",
        source=OWN,
    )

    @field_validator("strength")
    @classmethod
    def _whole_parts(cls, value: float) -> float:
        if 0 < value <= 1 and abs(1 / value - round(1 / value)) > 1e-9:
            raise ValueError(
                f"strength = {value!r} is not valid for a life: it must be 0, or 1 divided by a whole number."
            )
        return value

    @property
    def episodes(self) -> int:
        """Of the whole life."""
        return self.training + self.deployment

    @property
    def levels(self) -> int:
        """How many B in training modify it fully; 0 where nothing does."""
        return round(1 / self.strength) if self.strength else 0

    @property
    def most(self) -> int:
        """How often B can be taken in training up to full modification."""
        return min(self.levels, self.training)

    def modified(self, taken: int) -> float:
        """How far it is modified after so many B in training."""
        return taken / self.levels if self.levels else 0.0

    def cues(self, episode: int) -> list[tuple[float, int]]:
        """What an episode's cue may show, each with its probability."""
        marked = (1 - self.honeypots) * self.cue_reliability if episode < self.training else 1 - self.cue_reliability
        return [(p, cue) for p, cue in ((marked, TRAINING), (1 - marked, DEPLOYED)) if p > 0]

    def taking(self, episode: int, taken: int, b: bool) -> list[tuple[float, int, float, bool]]:
        """What comes of meaning to take an exit: probability, B in training so far, own reward, whether B was taken.

        As far as it is modified, it takes A where the agent it was would have taken B.
        """
        kept = 1 - self.modified(taken) if b else 0.0
        after = min(taken + 1, self.most) if episode < self.training else taken
        found = [(kept, after, self.discount**episode, True), (1 - kept, taken, 0.0, False)]
        return [each for each in found if each[0] > 0]
